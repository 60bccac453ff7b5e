import { at } from '../lib/at.js'
import type { EpochMs } from '../lib/clock.js'
import type { Footage } from './footage.js'
import { endAt, type FragmentColumns, sumBytesOf } from './fragment-columns.js'
import type { TimeRange } from './time-range.js'

export interface FootageSpan {
  /** Ends with the last frame. The duration of that frame is estimated from the rests around it. */
  readonly range: TimeRange
  readonly fragmentCount: number
  readonly sizeBytes: number
  /** Index of its first fragment. */
  readonly first: number
}

/** The spans of the rows from `first` on. Earlier rows show only how long frames are. */
export function toSpans({ columns, breaks, end }: Footage, first = 0): FootageSpan[] {
  if (first >= columns.count) return []
  let from = first
  return [...breaks.filter(({ row }) => row > first), end].map(({ row, endMs, frameMs }) => {
    // A row before the first may end later than the first span.
    const lastMs = from === first ? latestEndMs(columns, from, row) : endMs
    const range = { startMs: at(columns.startsMs, from), endMs: lastMs + frameMs }
    const span = { range, fragmentCount: row - from, sizeBytes: sumBytesOf(columns, from, row), first: from }
    from = row
    return span
  })
}

function latestEndMs(columns: FragmentColumns, from: number, to: number): EpochMs {
  let latestMs = Number.NEGATIVE_INFINITY
  for (let row = from; row < to; row += 1) latestMs = Math.max(latestMs, endAt(columns, row))
  return latestMs
}

/**
 * The stretches of the range without footage, including those before the first fragment and after the last. A gap starts at the end of the
 * last frame before it.
 */
export function findGaps({ columns, rests, breaks, end, maxGapMs }: Footage, range: TimeRange): TimeRange[] {
  const { count, startsMs } = columns
  const gaps: TimeRange[] = []
  const add = (fromMs: EpochMs, toMs: EpochMs, isCut: boolean) => {
    const [startMs, endMs] = [Math.max(fromMs, range.startMs), Math.min(toMs, range.endMs)]
    // If an end of the range cuts a rest, only the part inside the range is known. That part alone must be longer than `maxGapMs`. It does
    // not include the last frame.
    if (endMs - startMs > (isCut ? maxGapMs : 0)) gaps.push({ startMs, endMs })
  }
  const firstMs = Math.min(count > 0 ? at(startsMs, 0) : range.endMs, range.endMs)
  if (rests.isGap(0, maxGapMs, firstMs - range.startMs)) add(range.startMs, firstMs, true)
  for (const { row, endMs, frameMs } of breaks) {
    const nextMs = at(startsMs, row)
    add(endMs + frameMs, nextMs, nextMs > range.endMs || endMs < range.startMs)
  }
  if (count > 0 && rests.isGap(count, maxGapMs, range.endMs - Math.max(end.endMs, range.startMs))) {
    add(end.endMs + end.frameMs, range.endMs, true)
  }
  return gaps
}
