// Where a stream has footage over days of it. The rules are those of a clip's plan (spans, gaps, the missing frame), over columns.

import type { EpochMs } from '../lib/clock.js'
import { type FootageSpan, findGaps, GAP_MS } from './footage-spans.js'
import { type FragmentColumns, firstRowAt } from './fragment-columns.js'
import type { TimeRange } from './time-range.js'

/** A week of two-second fragments takes half a minute of a stream's quota to list: about what one request has time for. */
export const MAX_COVERAGE_DAYS = 7

export interface Coverage {
  /** Of the fragments that start in the range, whole: the last may end behind it. */
  readonly spans: readonly FootageSpan[]
  /** Stretches of the range, longer than `maxGapMs`, without footage. */
  readonly gaps: readonly TimeRange[]
  readonly fragmentCount: number
  readonly sizeBytes: number
  /** Of all spans. */
  readonly durationMs: number
}

/**
 * `around` are the fragments that start in the range, and those before it that may reach into it: these take away from the gaps, and
 * count for nothing else. Those that are no further than `maxGapMs` from each other are one span.
 */
export function toCoverage(around: FragmentColumns, range: TimeRange, maxGapMs: number = GAP_MS): Coverage {
  const frameMs = estimateFrameMs(around)
  const first = firstRowAt(around, range.startMs)
  const spans = toSpans(around, { first, frameMs, maxGapMs })
  const footage = first === 0 ? spans : toSpans(around, { first: 0, frameMs, maxGapMs })
  return {
    spans,
    gaps: findGaps(range, footage, maxGapMs),
    fragmentCount: around.count - first,
    sizeBytes: spans.reduce((sum, span) => sum + span.sizeBytes, 0),
    durationMs: spans.reduce((sum, span) => sum + span.range.endMs - span.range.startMs, 0),
  }
}

/** As `estimateFrameMs` of a plan: the median of the rests, counted by the millisecond instead of sorted. */
function estimateFrameMs({ count, startsMs, lengthsMs }: FragmentColumns): number {
  const rests = new Uint32Array(GAP_MS + 1)
  let total = 0
  for (let row = 1; row < count; row += 1) {
    const restMs = (startsMs[row] ?? 0) - (startsMs[row - 1] ?? 0) - (lengthsMs[row - 1] ?? 0)
    if (restMs < 0 || restMs > GAP_MS) continue
    rests[restMs] = (rests[restMs] ?? 0) + 1
    total += 1
  }
  return medianOf(rests, total)
}

/** `times` counts how often each value was seen, `total` in all. */
function medianOf(times: Uint32Array, total: number): number {
  let left = total >> 1
  for (let value = 0; value < times.length; value += 1) {
    left -= times[value] ?? 0
    if (left < 0) return value
  }
  return 0
}

interface SpanOptions {
  /** The row to begin with. */
  readonly first: number
  readonly frameMs: number
  readonly maxGapMs: number
}

function toSpans({ count, startsMs, lengthsMs, sizesBytes }: FragmentColumns, { first, frameMs, maxGapMs }: SpanOptions): FootageSpan[] {
  const spans: FootageSpan[] = []
  let open = { first, endMs: Number.NEGATIVE_INFINITY, sizeBytes: 0 }
  const close = (next: number) => {
    if (next > open.first) spans.push(toSpan(startsMs[open.first] ?? 0, { ...open, next }))
  }
  for (let row = first; row < count; row += 1) {
    const startMs = startsMs[row] ?? 0
    if (startMs - open.endMs > maxGapMs) {
      close(row)
      open = { first: row, endMs: startMs, sizeBytes: 0 }
    }
    open.endMs = Math.max(open.endMs, startMs + (lengthsMs[row] ?? 0) + frameMs)
    open.sizeBytes += sizesBytes[row] ?? 0
  }
  close(count)
  return spans
}

function toSpan(
  startMs: EpochMs,
  { first, next, endMs, sizeBytes }: { first: number; next: number; endMs: EpochMs; sizeBytes: number },
): FootageSpan {
  return { range: { startMs, endMs }, fragmentCount: next - first, sizeBytes, first }
}
