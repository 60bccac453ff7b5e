// Whether the bytes of an answer account for the fragments that were listed. The listing counts Matroska, whose frames each have a few bytes
// around them; the fragments that were read show how many.

import type { AnswerMeasures } from './answer-measures.js'
import type { FragmentPictures } from './fragment-pictures.js'

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
 * Listed bytes that neither the frames of the answer nor what Matroska puts around them account for. What is around them belongs to the
 * fragment or to its frames; both edges show the sum of the two, and the larger of what follows for the rest counts.
 */
export function countUnexplainedBytes({ answer, sizesBytes, first, last }: CountedPart): UnexplainedBytes {
  const edges = [
    { aroundBytes: (sizesBytes[0] ?? 0) - first.blockBytes, frames: first.frames },
    { aroundBytes: (sizesBytes.at(-1) ?? 0) - last.blockBytes, frames: last.frames },
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
