import { toFootage } from './footage.js'
import { type FootageSpan, findGaps, toSpans } from './footage-spans.js'
import { type FragmentColumns, firstRowAt } from './fragment-columns.js'
import { GAP_MS } from './fragment-rests.js'
import type { TimeRange } from './time-range.js'

/** Listing a week of two-second fragments uses half a minute of the quota of a stream, which is about the time limit of a request. */
export const MAX_COVERAGE_DAYS = 7

export interface Coverage {
  /** The fragments that start in the range, uncut. The last may end after the range. */
  readonly spans: readonly FootageSpan[]
  readonly gaps: readonly TimeRange[]
  readonly fragmentCount: number
  readonly sizeBytes: number
  readonly durationMs: number
}

/** `around` has the fragments that start in the range, and earlier ones that may extend into it. The earlier ones only shorten gaps. */
export function toCoverage(around: FragmentColumns, range: TimeRange, maxGapMs: number = GAP_MS): Coverage {
  const first = firstRowAt(around, range.startMs)
  const footage = toFootage(around, maxGapMs)
  const spans = toSpans(footage, first)
  return {
    spans,
    gaps: findGaps(footage, range),
    fragmentCount: around.count - first,
    sizeBytes: spans.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    durationMs: spans.reduce((sum, span) => sum + span.range.endMs - span.range.startMs, 0),
  }
}
