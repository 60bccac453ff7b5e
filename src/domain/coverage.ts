// Where a stream has footage over days of it.

import { type FootageSpan, findGaps, GAP_MS, Rests, toSpans } from './footage-spans.js'
import { type FragmentColumns, firstRowAt } from './fragment-columns.js'
import type { TimeRange } from './time-range.js'

/** A week of two-second fragments takes half a minute of a stream's quota to list: about what one request has time for. */
export const MAX_COVERAGE_DAYS = 7

export interface Coverage {
  /** Of the fragments that start in the range, whole: the last may end behind it. */
  readonly spans: readonly FootageSpan[]
  /** Stretches of the range without footage. */
  readonly gaps: readonly TimeRange[]
  readonly fragmentCount: number
  readonly sizeBytes: number
  /** Of all spans. */
  readonly durationMs: number
}

/**
 * `around` are the fragments that start in the range, and those before it that may reach into it: these take away from the gaps, and
 * count for nothing else.
 */
export function toCoverage(around: FragmentColumns, range: TimeRange, maxGapMs: number = GAP_MS): Coverage {
  const rests = new Rests(around)
  const first = firstRowAt(around, range.startMs)
  const spans = toSpans(around, { first, maxGapMs, rests })
  return {
    spans,
    gaps: findGaps(around, range, { maxGapMs, rests }),
    fragmentCount: around.count - first,
    sizeBytes: spans.reduce((sum, span) => sum + span.sizeBytes, 0),
    durationMs: spans.reduce((sum, span) => sum + span.range.endMs - span.range.startMs, 0),
  }
}
