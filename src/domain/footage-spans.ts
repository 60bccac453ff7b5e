// Where there is footage and where there is none, told from fragments alone.

import type { EpochMs } from '../lib/clock.js'
import { type ListedFragment, startOf } from './listed-fragment.js'
import type { FragmentSelectorType, TimeRange } from './time-range.js'

/** A stretch of more than this without footage is a gap. */
export const GAP_MS = 1000

/** A stretch of footage without a gap. */
export interface FootageSpan {
  readonly range: TimeRange
  readonly fragmentCount: number
  readonly sizeBytes: number
  /** Index of its first fragment. */
  readonly first: number
}

/**
 * What the reported lengths leave out: the last frame's own duration, as the median of what lies between the reported end of a
 * fragment and the start of the next, gaps apart. 0 when nothing can be told.
 */
export function estimateFrameMs(sorted: readonly ListedFragment[], selector: FragmentSelectorType): number {
  const rests: number[] = []
  for (let index = 1; index < sorted.length; index++) {
    const [before, after] = [sorted[index - 1], sorted[index]]
    const restMs = before && after ? startOf(after, selector) - startOf(before, selector) - before.lengthMs : -1
    if (restMs >= 0 && restMs <= GAP_MS) rests.push(restMs)
  }
  return rests.toSorted((a, b) => a - b)[rests.length >> 1] ?? 0
}

/** Sorted fragments as stretches; those closer than `maxGapMs` are one. */
export function toSpans(
  sorted: readonly ListedFragment[],
  selector: FragmentSelectorType,
  { maxGapMs = GAP_MS, frameMs = estimateFrameMs(sorted, selector) }: { readonly maxGapMs?: number; readonly frameMs?: number } = {},
): FootageSpan[] {
  const spans: FootageSpan[] = []
  sorted.forEach((fragment, index) => {
    const startMs = startOf(fragment, selector)
    const endMs = startMs + fragment.lengthMs + frameMs
    const last = spans.at(-1)
    if (!last || startMs - last.range.endMs > maxGapMs) {
      spans.push({ range: { startMs, endMs }, fragmentCount: 1, sizeBytes: fragment.sizeBytes, first: index })
      return
    }
    spans[spans.length - 1] = {
      range: { startMs: last.range.startMs, endMs: Math.max(last.range.endMs, endMs) },
      fragmentCount: last.fragmentCount + 1,
      sizeBytes: last.sizeBytes + fragment.sizeBytes,
      first: last.first,
    }
  })
  return spans
}

/** The stretches of the range, longer than `maxGapMs`, in which there is no footage: also before the first span and after the last. */
export function findGaps(range: TimeRange, spans: readonly FootageSpan[], maxGapMs: number = GAP_MS): TimeRange[] {
  const gaps: TimeRange[] = []
  let coveredTo: EpochMs = range.startMs
  for (const span of spans) {
    const startMs = Math.min(span.range.startMs, range.endMs)
    if (startMs - coveredTo > maxGapMs) gaps.push({ startMs: coveredTo, endMs: startMs })
    coveredTo = Math.max(coveredTo, span.range.endMs)
  }
  if (range.endMs - coveredTo > maxGapMs) gaps.push({ startMs: coveredTo, endMs: range.endMs })
  return gaps
}
