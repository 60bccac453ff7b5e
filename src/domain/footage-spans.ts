// Where there is footage and where there is none. The rest between two fragments is the start of the second minus the reported end of the
// first. Kinesis Video does not count the last frame of a fragment, so a rest is usually the duration of one frame: of a camera with one
// frame in ten seconds, ten seconds. Hence a rest is a gap only where it is also long beside those around it.

import type { EpochMs } from '../lib/clock.js'
import { type FragmentColumns, toFragmentColumns } from './fragment-columns.js'
import { KVS_LIMITS } from './limits.js'
import type { ListedFragment } from './listed-fragment.js'
import type { FragmentSelectorType, TimeRange } from './time-range.js'

/** A shorter rest is never a gap, unless another limit is asked for. */
export const GAP_MS = 1000

/** On each side of a rest, so many fragments show how long a frame is. */
const FRAGMENTS_ASIDE = 16

/** A stretch of footage without a gap. */
export interface FootageSpan {
  /** To the end of the last frame, which is counted as long as the rests around it. */
  readonly range: TimeRange
  readonly fragmentCount: number
  readonly sizeBytes: number
  /** Index of its first fragment. */
  readonly first: number
}

/** The rests of sorted fragments: that at an index lies before the row of that index. Where fragments overlap, the one that ends last counts. */
export class Rests {
  readonly #rests: Float64Array
  readonly #columns: FragmentColumns
  /** The latest reported end of all fragments; -Infinity when there are none. */
  readonly endMs: EpochMs

  constructor(columns: FragmentColumns) {
    this.#columns = columns
    this.#rests = new Float64Array(columns.count)
    let endMs = Number.NEGATIVE_INFINITY
    for (let row = 0; row < columns.count; row += 1) {
      const startMs = columns.startsMs[row] ?? 0
      this.#rests[row] = Math.max(0, startMs - endMs)
      endMs = Math.max(endMs, startMs + (columns.lengthsMs[row] ?? 0))
    }
    this.endMs = endMs
  }

  /** Before the first row nothing is known: infinite. */
  before(row: number): number {
    return this.#rests[row] ?? Number.POSITIVE_INFINITY
  }

  /** `restMs` may be another than the rest before the row: an end of a range may cut it. */
  isGap(row: number, restMs: number, maxGapMs: number): boolean {
    if (restMs <= maxGapMs) return false
    const { from, to } = this.#around(row)
    let shorter = 0
    for (let other = from; other < to; other += 1) {
      if (other !== row && (this.#rests[other] ?? 0) * 2 < restMs) shorter += 1
    }
    return shorter > medianIndex(this.#othersCount(row)) || this.#othersCount(row) === 0
  }

  /** How long the last frame before the row lasts: as the rests around, up to the row. */
  frameMs(row: number): number {
    const { from, to } = this.#around(row)
    const others = [...this.#rests.subarray(from, to)].filter((_, index) => from + index !== row).sort((a, b) => a - b)
    const usualMs = Math.min(others[medianIndex(others.length)] ?? 0, KVS_LIMITS.maxFragmentMs)
    return row < this.#columns.count ? Math.min(usualMs, this.before(row)) : usualMs
  }

  #othersCount(row: number): number {
    const { from, to } = this.#around(row)
    return Math.max(0, to - from) - Number(row >= from && row < to)
  }

  #around(row: number): { readonly from: number; readonly to: number } {
    return { from: Math.max(1, row - FRAGMENTS_ASIDE + 1), to: Math.min(this.#columns.count, row + FRAGMENTS_ASIDE) }
  }
}

/** The upper one of two. */
function medianIndex(count: number): number {
  return count >> 1
}

/** Sorted fragments as stretches; `first` is the row to begin with, those before it take part in the rests only. */
export function toSpans(
  columns: FragmentColumns,
  {
    first = 0,
    maxGapMs = GAP_MS,
    rests = new Rests(columns),
  }: { readonly first?: number; readonly maxGapMs?: number; readonly rests?: Rests } = {},
): FootageSpan[] {
  const { count, startsMs, lengthsMs, sizesBytes } = columns
  const spans: FootageSpan[] = []
  let open = { first, endMs: Number.NEGATIVE_INFINITY, sizeBytes: 0 }
  const close = (next: number) => {
    if (next <= open.first) return
    const range = { startMs: startsMs[open.first] ?? 0, endMs: open.endMs + rests.frameMs(next) }
    spans.push({ range, fragmentCount: next - open.first, sizeBytes: open.sizeBytes, first: open.first })
  }
  for (let row = first; row < count; row += 1) {
    if (row > first && rests.isGap(row, rests.before(row), maxGapMs)) {
      close(row)
      open = { first: row, endMs: Number.NEGATIVE_INFINITY, sizeBytes: 0 }
    }
    open.endMs = Math.max(open.endMs, (startsMs[row] ?? 0) + (lengthsMs[row] ?? 0))
    open.sizeBytes += sizesBytes[row] ?? 0
  }
  close(count)
  return spans
}

/**
 * The stretches of the range in which there is no footage: also before the first fragment and after the last. A gap begins where the last
 * frame before it ends.
 */
export function findGaps(
  columns: FragmentColumns,
  range: TimeRange,
  { maxGapMs = GAP_MS, rests = new Rests(columns) }: { readonly maxGapMs?: number; readonly rests?: Rests } = {},
): TimeRange[] {
  const { count, startsMs } = columns
  const gaps: TimeRange[] = []
  for (let row = 0; row <= count; row += 1) {
    const nextMs = Math.min(row < count ? (startsMs[row] ?? 0) : range.endMs, range.endMs)
    const endMs = row < count ? (startsMs[row] ?? 0) - rests.before(row) : rests.endMs
    const restMs = row > 0 && row < count ? rests.before(row) : nextMs - Math.max(endMs, range.startMs)
    if (!rests.isGap(row, restMs, maxGapMs)) continue
    const startMs = Math.max(row > 0 ? endMs + rests.frameMs(row) : range.startMs, range.startMs)
    // A rest that an end of the range cuts is known in part: that part must be long by itself, without the last frame.
    const isCut = row === 0 || row === count || (startsMs[row] ?? 0) > range.endMs || endMs < range.startMs
    if (nextMs - startMs > (isCut ? maxGapMs : 0)) gaps.push({ startMs, endMs: nextMs })
  }
  return gaps
}

/** The duration of a frame, as the median of all rests that are no gaps. 0 when nothing can be told. */
export function estimateFrameMs(sorted: readonly ListedFragment[], selector: FragmentSelectorType): number {
  const columns = toFragmentColumns(sorted, selector)
  const rests = new Rests(columns)
  const frames = Array.from({ length: Math.max(0, columns.count - 1) }, (_, index) => index + 1)
    .filter((row) => !rests.isGap(row, rests.before(row), GAP_MS))
    .map((row) => rests.before(row))
  const usualMs = frames.sort((a, b) => a - b)[frames.length >> 1] ?? 0
  return Math.min(usualMs, KVS_LIMITS.maxFragmentMs)
}
