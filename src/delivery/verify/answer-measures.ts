import { at } from '../../lib/at.js'
import { leastBlockBytes } from '../../media/matroska/block-bytes.js'
import type { Movie } from '../../media/mp4/movie.js'
import { presentationTicks, toMs } from '../../media/mp4/tables/presentation.js'

/** What the tables of an answer say that can be compared with fragments. Shares no memory with them. */
export interface AnswerMeasures {
  /** When each picture is shown, in milliseconds of the answer, in decode order. */
  readonly shownMs: Float64Array
  /** Bytes of each; a bare number where all are equal. */
  readonly sizes: Uint32Array | number
  readonly hasSound: boolean
  /** Frames of all tracks, and the least that they take in Clusters. */
  readonly frames: number
  readonly blockBytes: number
}

export function measureAnswer({ tracks }: Movie): AnswerMeasures {
  const video = at(tracks, 0)
  const { sizes } = video.samples
  return {
    shownMs: presentationTicks(video).map((ticks) => toMs(ticks, video.timescale)),
    sizes: typeof sizes === 'number' ? sizes : sizes.slice(),
    hasSound: tracks.length > 1,
    frames: tracks.reduce((frames, { samples }) => frames + samples.count, 0),
    blockBytes: tracks.reduce((bytes, { samples }) => bytes + sumBlocks(samples.sizes, samples.count), 0),
  }
}

function sumBlocks(sizes: Uint32Array | number, count: number): number {
  if (typeof sizes === 'number') return count * leastBlockBytes(sizes)
  return sizes.reduce((sum, bytes) => sum + leastBlockBytes(bytes), 0)
}
