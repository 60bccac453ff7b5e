// The rest between two fragments is the start of the second minus the reported end of the first. Kinesis Video does not count the last
// frame of a fragment, so a rest is usually the duration of one frame. A camera with one frame every ten seconds has rests of ten
// seconds. A rest is therefore a gap only if it is also long compared with the rests around it.

import { at } from '../lib/at.js'
import type { EpochMs } from '../lib/clock.js'
import { endAt, type FragmentColumns } from './fragment-columns.js'
import { KVS_LIMITS } from './limits.js'

/** A shorter rest is not a gap, unless the caller gives another limit. */
export const GAP_MS = 1000

/** The number of rows on each side of a rest from which the duration of a frame is estimated. */
const ROWS_ASIDE = 16

/** The rests of sorted fragments. The rest at an index lies before the row of that index. If fragments overlap, the latest end counts. */
export class Rests {
  readonly #rests: Float64Array
  readonly count: number
  /** The latest reported end of all fragments. -Infinity if there are none. */
  readonly endMs: EpochMs

  constructor(columns: FragmentColumns) {
    this.count = columns.count
    this.#rests = new Float64Array(columns.count)
    let endMs = Number.NEGATIVE_INFINITY
    for (let row = 0; row < columns.count; row += 1) {
      this.#rests[row] = Math.max(0, at(columns.startsMs, row) - endMs)
      endMs = Math.max(endMs, endAt(columns, row))
    }
    this.endMs = endMs
  }

  /** Infinity before the first row and after the last. */
  before(row: number): number {
    return row < this.count ? at(this.#rests, row) : Number.POSITIVE_INFINITY
  }

  /** Whether the rest before the row is a gap. `restMs` differs from `before(row)` where an end of a range cuts the rest. */
  isGap(row: number, maxGapMs: number, restMs = this.before(row)): boolean {
    if (restMs <= maxGapMs) return false
    const { from, to } = this.#around(row)
    const others = Math.max(0, to - from) - Number(row >= from && row < to)
    let shorter = 0
    for (let other = from; other < to; other += 1) if (other !== row && at(this.#rests, other) * 2 < restMs) shorter += 1
    return others === 0 || shorter > medianIndex(others)
  }

  /** The duration of the last frame before the row: the median rest around it, at most the rest before the row. */
  frameMs(row: number): number {
    const { from, to } = this.#around(row)
    const others = [...this.#rests.subarray(from, to)].filter((_, index) => from + index !== row).sort((a, b) => a - b)
    const usualMs = others.length === 0 ? 0 : Math.min(at(others, medianIndex(others.length)), KVS_LIMITS.maxFragmentMs)
    return Math.min(usualMs, this.before(row))
  }

  /** Starts at row 1, because row 0 has no rest before it. */
  #around(row: number): { readonly from: number; readonly to: number } {
    return { from: Math.max(1, row - ROWS_ASIDE + 1), to: Math.min(this.count, row + ROWS_ASIDE) }
  }
}

/** The upper median if the count is even. */
function medianIndex(count: number): number {
  return count >> 1
}

/** The duration of a frame: the median of all rests that are not gaps. 0 if there are none. */
export function estimateFrameMs(columns: FragmentColumns): number {
  const rests = new Rests(columns)
  const frames: number[] = []
  for (let row = 1; row < columns.count; row += 1) if (!rests.isGap(row, GAP_MS)) frames.push(rests.before(row))
  frames.sort((a, b) => a - b)
  return frames.length === 0 ? 0 : Math.min(at(frames, medianIndex(frames.length)), KVS_LIMITS.maxFragmentMs)
}
