// Whether an answer plays for as long as the fragments that were listed: for many of its kind that is all there is to go by.

import type { FragmentSelectorType } from '../../domain/time-range.js'
import type { OutlinedPart } from './clip-outline.js'
import { MOST_FRAMES, MUXING_LEAD_MS } from './picture-times.js'

/** A fragment's listed length leaves out its last frame, which lasts until the next fragment; a longer pause than this is a gap. */
const LONGEST_FRAME_MS = 1000
const MOST_TOLERANCE_MS = 1000

type ListedPart = Pick<OutlinedPart, 'producerStartsMs' | 'lengthsMs'>

export interface GivenFootage {
  /** How long the answer plays: as long as its footage reaches, or as long as its fragments are where holes are closed. */
  readonly givenMs: number
  /** How long one of its frames usually lasts. */
  readonly frameMs: number
  /** How much further than its pictures a fragment's sound may reach. */
  readonly leadMs: number
}

export function isFootageMissing({ givenMs, ...usual }: GivenFootage, part: ListedPart, selector: FragmentSelectorType): boolean {
  const { leastMs, mostMs, toleranceMs } = measureClosed(part, usual)
  const spanMs = toSpanMs(part)
  // By server time the producers' clocks may lie anywhere, and what is between them says nothing.
  const keepsGaps = selector === 'PRODUCER_TIMESTAMP' && givenMs > mostMs + toleranceMs
  const expectedMs = keepsGaps ? spanMs : Math.min(spanMs, leastMs)
  return givenMs < expectedMs - toleranceMs
}

/** Whether an answer has less or more than was listed, holes left out on both sides. */
export function compareAmount({ givenMs, ...usual }: GivenFootage, part: ListedPart): 'less' | 'more' | null {
  const { leastMs, mostMs, holes, toleranceMs } = measureClosed(part, usual)
  // Sound goes on through the last frame, so that the listed length has it already.
  const lastFramesMs = usual.leadMs > 0 ? 0 : holes * usual.frameMs
  if (givenMs < leastMs + lastFramesMs - toleranceMs) return 'less'
  return givenMs > mostMs + toleranceMs ? 'more' : null
}

function toSpanMs({ producerStartsMs, lengthsMs }: ListedPart): number {
  return (producerStartsMs.at(-1) ?? 0) + (lengthsMs.at(-1) ?? 0) - (producerStartsMs[0] ?? 0)
}

interface ClosedFootage {
  /** Without the last frames before holes, and with them. */
  readonly leastMs: number
  readonly mostMs: number
  /** The end is one of them. */
  readonly holes: number
  readonly toleranceMs: number
}

/** How long the fragments are together, each with its last frame. A longer pause is a hole, which may be closed. */
function measureClosed({ producerStartsMs, lengthsMs }: ListedPart, { frameMs, leadMs }: Omit<GivenFootage, 'givenMs'>): ClosedFootage {
  let [leastMs, mostMs, holes, shortestMs] = [0, 0, 0, Number.POSITIVE_INFINITY]
  for (const [index, lengthMs] of lengthsMs.entries()) {
    const stepMs = (producerStartsMs[index + 1] ?? Number.NaN) - (producerStartsMs[index] ?? 0)
    const pauseMs = stepMs - lengthMs
    const isNext = stepMs > 0 && pauseMs >= -MUXING_LEAD_MS - frameMs && pauseMs <= Math.min(LONGEST_FRAME_MS, MOST_FRAMES * frameMs)
    // Sound that reaches over the next key frame does not make the clip longer; a short pause may be a hole that was closed.
    leastMs += stepMs > 0 ? Math.min(stepMs, lengthMs + (isNext ? frameMs : 0)) : lengthMs
    mostMs += isNext ? stepMs : lengthMs + frameMs
    shortestMs = Math.min(shortestMs, isNext ? stepMs : lengthMs)
    holes += isNext ? 0 : 1
  }
  const toleranceMs = Math.max(holes * leadMs, MOST_FRAMES * frameMs, Math.min(MOST_TOLERANCE_MS, shortestMs / 2))
  return { leastMs, mostMs, holes, toleranceMs }
}
