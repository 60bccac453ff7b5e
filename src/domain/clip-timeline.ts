import { at } from '../lib/at.js'
import type { FootageSpan } from './footage-spans.js'
import type { ListedFragment } from './listed-fragment.js'
import type { TimeRange } from './time-range.js'

/** A stretch of real time, and the position in the clip where it plays. */
export interface TimelineEntry {
  readonly mediaStartMs: number
  readonly range: TimeRange
}

/** A larger step of the producer's clock is not a hole in the footage: the clock was set. */
const MAX_STEP_MS = 24 * 3_600_000

/** Whether footage may continue after this step. False if the producer's clock went back or was set. */
export function isProducerStep(stepMs: number): boolean {
  return stepMs > 0 && stepMs <= MAX_STEP_MS
}

/**
 * When each fragment plays, by its distance from the previous one on the producer's clock. If the clock went back or far ahead, the fragment
 * follows at the end of the previous one.
 */
export function toMediaStarts(fragments: readonly ListedFragment[], frameMs: number): number[] {
  const starts: number[] = []
  let mediaStartMs = 0
  fragments.forEach((fragment, index) => {
    const before = fragments[index - 1]
    if (before) {
      const stepMs = fragment.producerTimestampMs - before.producerTimestampMs
      mediaStartMs += isProducerStep(stepMs) ? stepMs : before.lengthMs + frameMs
    }
    starts.push(mediaStartMs)
  })
  return starts
}

/** One entry for each stretch without a gap inside the delivered range. */
export function toTimeline(spans: readonly FootageSpan[], mediaStarts: readonly number[], delivered: TimeRange): TimelineEntry[] {
  const leadInMs = spans[0] ? delivered.startMs - spans[0].range.startMs : 0
  return spans.flatMap(({ range, first }) => {
    const startMs = Math.max(range.startMs, delivered.startMs)
    const endMs = Math.min(range.endMs, delivered.endMs)
    if (startMs >= endMs && startMs !== delivered.startMs) return []
    const mediaStartMs = Math.max(0, at(mediaStarts, first) - leadInMs)
    return [{ mediaStartMs, range: { startMs, endMs: Math.max(startMs, endMs) } }]
  })
}

/** Aligns the plan with the delivered range. An exact cut starts and ends with a frame, up to one frame away from the requested instants. */
export function alignTimeline(
  timeline: readonly TimelineEntry[],
  { planned, delivered }: { readonly planned: TimeRange; readonly delivered: TimeRange },
): TimelineEntry[] {
  const laterMs = delivered.startMs - planned.startMs
  return timeline.flatMap(({ mediaStartMs, range }, index) => {
    const startMs = Math.max(range.startMs, delivered.startMs)
    const endMs = index === timeline.length - 1 ? delivered.endMs : Math.min(range.endMs, delivered.endMs)
    if (startMs > endMs) return []
    return [{ mediaStartMs: Math.max(0, mediaStartMs - laterMs), range: { startMs, endMs } }]
  })
}
