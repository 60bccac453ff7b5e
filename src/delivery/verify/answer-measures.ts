import { at } from '../../lib/at.js'
import { leastBlockBytes } from '../../media/matroska/block.js'
import type { Movie, TrackPiece } from '../../media/mp4/movie.js'
import { presentationTicks, toMs } from '../../media/mp4/tables/presentation.js'
import type { FragmentPictures } from './fragment-pictures.js'

/** Measures of a GetClip response, taken from its MP4 tables. They are compared with the listed fragments. */
export interface AnswerMeasures {
  /** Presentation time of each picture, in milliseconds on the response's timeline. In decoding order. */
  readonly shownMs: Float64Array
  /** Size of each picture in bytes. A single number if all sizes are equal. */
  readonly sizes: TrackPiece['sizes']
  readonly hasSound: boolean
  /** Number of frames in all tracks. */
  readonly frames: number
  /** Minimum size of these frames as Matroska blocks, in bytes. */
  readonly blockBytes: number
}

export function measureAnswer({ tracks }: Movie): AnswerMeasures {
  const video = at(tracks, 0)
  const pieces = tracks.flatMap((track) => track.pieces)
  return {
    shownMs: presentationTicks(video).map((ticks) => toMs(ticks, video.timescale)),
    // A parsed track has one piece.
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

export interface CountedPart {
  readonly answer: Pick<AnswerMeasures, 'frames' | 'blockBytes'>
  /** Size of each fragment as listed, in bytes. */
  readonly sizesBytes: Float64Array
  readonly first: FragmentPictures
  readonly last: FragmentPictures
}

export interface UnexplainedBytes {
  /** Zero or negative if all listed bytes are accounted for. */
  readonly bytes: number
  /** The larger overhead of the two edge fragments: listed size minus the minimum size of the frames. */
  readonly aroundBytes: number
}

/** Maximum number of bytes that a BlockGroup with its duration and references adds to a SimpleBlock. */
const MOST_MORE_BYTES = 12
/** The overhead of the same number of frames can vary by this many bytes, because the Cluster size and Timestamp have variable lengths. */
const VARYING_BYTES = 4
const MARGIN_BYTES = 0.25

/**
 * Counts the listed bytes that neither the frames of the response nor their Matroska overhead account for. The listing counts Matroska,
 * which adds a few bytes to each frame. The overhead belongs partly to the fragment and partly to its frames, but an edge fragment shows
 * only the sum. The total overhead is estimated from each edge, and the smaller estimate is subtracted.
 */
export function countUnexplainedBytes({ answer, sizesBytes, first, last }: CountedPart): UnexplainedBytes {
  const edges = [
    { aroundBytes: at(sizesBytes, 0) - first.blockBytes, frames: first.frames },
    { aroundBytes: at(sizesBytes, sizesBytes.length - 1) - last.blockBytes, frames: last.frames },
  ] as const
  const aroundBytes = Math.max(...edges.map((edge) => edge.aroundBytes))
  // A listed size that is smaller than the frames cannot be interpreted.
  if (edges.some((edge) => edge.aroundBytes < 0)) return { bytes: 0, aroundBytes }
  const { frames, blockBytes: given } = answer
  const eachFrame = mostEachFrame(edges)
  const count = sizesBytes.length
  const around = edges.map((edge) => count * aroundBytes + eachFrame * Math.max(0, frames - count * edge.frames))
  const listed = sizesBytes.reduce((sum, bytes) => sum + bytes, 0)
  return { bytes: listed - given - Math.min(...around) - count * MARGIN_BYTES, aroundBytes }
}

type Edge = { readonly aroundBytes: number; readonly frames: number }

function mostEachFrame([a, b]: readonly [Edge, Edge]): number {
  const most = Math.min(MOST_MORE_BYTES, ...[a, b].map(({ aroundBytes, frames }) => aroundBytes / Math.max(1, frames)))
  if (a.frames === b.frames) return most
  const [small, large] = a.frames < b.frames ? [a, b] : [b, a]
  return Math.max(0, Math.min(most, (large.aroundBytes - small.aroundBytes + VARYING_BYTES) / (large.frames - small.frames)))
}
