import type { FootageSpan } from './footage-spans.js'
import type { ListedFragment } from './listed-fragment.js'
import type { TimeRange } from './time-range.js'

/** Which stretch of real time plays when. */
export interface TimelineEntry {
  readonly mediaStartMs: number
  readonly range: TimeRange
}

/** A step of the producer's clock beyond this is no hole in the footage but a clock that was set. */
const MAX_STEP_MS = 24 * 3_600_000

/**
 * When each fragment plays: at its distance, by the producer's clock, from the one before it. A clock that went back, or far ahead,
 * says nothing; the next fragment then follows at the end of the one before.
 */
export function toMediaStarts(fragments: readonly ListedFragment[], frameMs: number): number[] {
  const starts: number[] = []
  let mediaStartMs = 0
  fragments.forEach((fragment, index) => {
    const before = fragments[index - 1]
    if (before) {
      const stepMs = fragment.producerTimestampMs - before.producerTimestampMs
      mediaStartMs += stepMs > 0 && stepMs <= MAX_STEP_MS ? stepMs : before.lengthMs + frameMs
    }
    starts.push(mediaStartMs)
  })
  return starts
}

/** One entry for each stretch without a gap, as far as it lies in what is delivered; the clip plays from the delivered start on. */
export function toTimeline(spans: readonly FootageSpan[], mediaStarts: readonly number[], delivered: TimeRange): TimelineEntry[] {
  const leadInMs = spans[0] ? delivered.startMs - spans[0].range.startMs : 0
  return spans.flatMap(({ range, first }) => {
    const startMs = Math.max(range.startMs, delivered.startMs)
    const endMs = Math.min(range.endMs, delivered.endMs)
    if (startMs >= endMs && startMs !== delivered.startMs) return []
    const mediaStartMs = Math.max(0, (mediaStarts[first] ?? 0) - leadInMs)
    return [{ mediaStartMs, range: { startMs, endMs: Math.max(startMs, endMs) } }]
  })
}

/** What was planned, told of what is delivered: an exact cut begins with a frame and ends with one, up to a frame from where it was asked to. */
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
