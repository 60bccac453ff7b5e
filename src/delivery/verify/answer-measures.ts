import { at } from '../../lib/at.js'
import { leastBlockBytes } from '../../media/matroska/block.js'
import type { Movie, TrackPiece } from '../../media/mp4/movie.js'
import { presentationTicks, toMs } from '../../media/mp4/tables/presentation.js'
import type { FragmentPictures } from './fragment-pictures.js'

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

export interface CountedPart {
  readonly answer: Pick<AnswerMeasures, 'frames' | 'blockBytes'>
  /** As listed, one entry a fragment. */
  readonly sizesBytes: Float64Array
  readonly first: FragmentPictures
  readonly last: FragmentPictures
}

export interface UnexplainedBytes {
  /** 0 or less where all are accounted for. */
  readonly bytes: number
  /** The most of a listed size that is not of its frames. */
  readonly aroundBytes: number
}

/** What a BlockGroup with its duration and its references takes more than a SimpleBlock. */
const MOST_MORE_BYTES = 12
/** By so much the sizes of what is around the same number of frames may differ: a Cluster's size and Timestamp are as long as they must be. */
const VARYING_BYTES = 4
const MARGIN_BYTES = 0.25

/**
 * Whether the bytes of an answer account for the fragments that were listed. The listing counts Matroska, which adds a few bytes to each
 * frame; the fragments that were read show how many. The result is the listed bytes that neither the frames of the answer nor what Matroska puts around them account for. What is around them belongs to the
 * fragment or to its frames; both edges show the sum of the two, and the larger of what follows for the rest counts.
 */
export function countUnexplainedBytes({ answer, sizesBytes, first, last }: CountedPart): UnexplainedBytes {
  const edges = [
    { aroundBytes: at(sizesBytes, 0) - first.blockBytes, frames: first.frames },
    { aroundBytes: at(sizesBytes, sizesBytes.length - 1) - last.blockBytes, frames: last.frames },
  ] as const
  const aroundBytes = Math.max(...edges.map((edge) => edge.aroundBytes))
  // A listing that counts less than the frames is not understood.
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
