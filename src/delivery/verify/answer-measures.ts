import { at } from '../../lib/at.js'
import { leastBlockBytes } from '../../media/matroska/block.js'
import type { Movie, TrackPiece } from '../../media/mp4/movie.js'
import { presentationTicks, toMs } from '../../media/mp4/tables/presentation.js'

/** What the tables of an answer say that can be compared with fragments. */
export interface AnswerMeasures {
  /** When each picture is shown, in milliseconds of the answer, in decode order. */
  readonly shownMs: Float64Array
  /** Bytes of each; a bare number where all are equal. */
  readonly sizes: TrackPiece['sizes']
  readonly hasSound: boolean
  /** Frames of all tracks, and the least that they take in Clusters. */
  readonly frames: number
  readonly blockBytes: number
}

export function measureAnswer({ tracks }: Movie): AnswerMeasures {
  const video = at(tracks, 0)
  const pieces = tracks.flatMap((track) => track.pieces)
  return {
    shownMs: presentationTicks(video).map((ticks) => toMs(ticks, video.timescale)),
    // A track that was read has one piece.
    sizes: at(video.pieces, 0).sizes,
    hasSound: tracks.length > 1,
    frames: pieces.reduce((frames, { count }) => frames + count, 0),
    blockBytes: pieces.reduce((bytes, piece) => bytes + sumBlocks(piece), 0),
  }
}

function sumBlocks({ sizes, count }: TrackPiece): number {
  if (typeof sizes === 'number') return count * leastBlockBytes(sizes)
  let total = 0
  for (const bytes of sizes) total += leastBlockBytes(bytes)
  return total
}
