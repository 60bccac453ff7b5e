// Whether an answer plays for as long as the fragments that were listed: for many of its kind that is all there is to go by.

import type { FragmentSelectorType } from '../../domain/time-range.js'
import type { OutlinedPart } from './clip-outline.js'

/** A fragment's listed length leaves out its last frame, which lasts until the next fragment; a longer pause than this is a gap. */
const LONGEST_FRAME_MS = 1000
/** So is one of more frames than this: a frame may come late, or be lost. */
const MOST_FRAMES = 2
const MOST_TOLERANCE_MS = 1000

type ListedPart = Pick<OutlinedPart, 'producerStartsMs' | 'lengthsMs'>

export interface GivenFootage {
  /** How long the answer plays: as long as its footage reaches, or as long as its fragments are where holes are closed. */
  readonly givenMs: number
  /** How long one of its frames usually lasts. */
  readonly frameMs: number
}

export function isFootageMissing({ givenMs, frameMs }: GivenFootage, part: ListedPart, selector: FragmentSelectorType): boolean {
  const { leastMs, mostMs, shortestMs } = measureClosed(part, frameMs)
  const spanMs = toSpanMs(part)
  const toleranceMs = Math.min(MOST_TOLERANCE_MS, shortestMs / 2)
  // By server time the producers' clocks may lie anywhere, and what is between them says nothing.
  const keepsGaps = selector === 'PRODUCER_TIMESTAMP' && givenMs > mostMs + toleranceMs
  const expectedMs = keepsGaps ? spanMs : Math.min(spanMs, leastMs)
  return givenMs < expectedMs - toleranceMs
}

function toSpanMs({ producerStartsMs, lengthsMs }: ListedPart): number {
  return (producerStartsMs.at(-1) ?? 0) + (lengthsMs.at(-1) ?? 0) - (producerStartsMs[0] ?? 0)
}

interface ClosedFootage {
  /** Without the last frames before holes, and with them. */
  readonly leastMs: number
  readonly mostMs: number
  readonly shortestMs: number
}

/** How long the fragments are together, and the shortest of them, each with its last frame. A longer pause is a hole, which may be closed. */
function measureClosed({ producerStartsMs, lengthsMs }: ListedPart, frameMs: number): ClosedFootage {
  let [leastMs, mostMs, shortestMs] = [0, 0, Number.POSITIVE_INFINITY]
  for (const [index, lengthMs] of lengthsMs.entries()) {
    const pauseMs = (producerStartsMs[index + 1] ?? Number.NaN) - (producerStartsMs[index] ?? 0) - lengthMs
    const isFrame = pauseMs > 0 && pauseMs <= Math.min(LONGEST_FRAME_MS, MOST_FRAMES * frameMs)
    const playedMs = isFrame ? lengthMs + pauseMs : lengthMs
    leastMs += playedMs
    mostMs += isFrame ? playedMs : lengthMs + frameMs
    shortestMs = Math.min(shortestMs, playedMs)
  }
  return { leastMs, mostMs, shortestMs }
}
