import { at } from '../lib/at.js'
import type { EpochMs } from '../lib/clock.js'
import { partitionPoint } from '../lib/partition-point.js'
import { endAt, type FragmentColumns } from './fragment-columns.js'
import { Rests } from './rests.js'

/** A rest that is a gap. */
export interface Break {
  /** The first row after it. */
  readonly row: number
  /** The latest reported end of the rows before it. */
  readonly endMs: EpochMs
  /** The duration of the last frame before it. */
  readonly frameMs: number
}

const ROWS_PER_BLOCK = 256
/** An object with two boxed numbers. */
const BYTES_PER_BREAK = 72

/** Sorted fragments, with values that are computed once: breaks, sizes and the longest fragment. */
export class FootageIndex {
  readonly columns: FragmentColumns
  #breaks: { readonly maxGapMs: number; readonly breaks: readonly Break[] } | null = null
  #blockSizes: Float64Array | null = null
  #maxLengthMs: number | null = null

  constructor(columns: FragmentColumns) {
    this.columns = columns
  }

  /** Memory of the computed values, in bytes. */
  get sizeBytes(): number {
    const breaks = this.#breaks === null ? 0 : this.#breaks.breaks.length
    return breaks * BYTES_PER_BREAK + (this.#blockSizes === null ? 0 : this.#blockSizes.byteLength)
  }

  /** Number of breaks. Null if they have not been computed for this `maxGapMs`. */
  countBreaks(maxGapMs: number): number | null {
    return this.#breaks === null || this.#breaks.maxGapMs !== maxGapMs ? null : this.#breaks.breaks.length
  }

  /** The breaks before the rows of [from, to). Only the result for the latest `maxGapMs` is kept. */
  breaks(from: number, to: number, maxGapMs: number): readonly Break[] {
    if (this.#breaks === null || this.#breaks.maxGapMs !== maxGapMs) {
      const { columns } = this
      this.#breaks = { maxGapMs, breaks: findBreaks(columns, new Rests(columns), { from: 0, to: columns.count, maxGapMs }) }
    }
    const { breaks } = this.#breaks
    const firstAt = (row: number) => partitionPoint(breaks.length, (index) => at(breaks, index).row < row)
    return breaks.slice(firstAt(from), firstAt(to))
  }

  /** The total size of the rows of [from, to). */
  sizeOf(from: number, to: number): number {
    this.#blockSizes ??= toBlockSizes(this.columns)
    const [firstBlock, lastBlock] = [Math.ceil(from / ROWS_PER_BLOCK), Math.floor(to / ROWS_PER_BLOCK)]
    const { sizesBytes } = this.columns
    if (firstBlock >= lastBlock) return sum(sizesBytes, from, to)
    const [blocksFrom, blocksTo] = [firstBlock * ROWS_PER_BLOCK, lastBlock * ROWS_PER_BLOCK]
    return sum(sizesBytes, from, blocksFrom) + sum(this.#blockSizes, firstBlock, lastBlock) + sum(sizesBytes, blocksTo, to)
  }

  /** The latest reported end of the rows of [from, to). -Infinity if there are none. */
  latestEndMs(from: number, to: number): EpochMs {
    this.#maxLengthMs ??= findLongest(this.columns)
    let latestMs = Number.NEGATIVE_INFINITY
    for (let row = to - 1; row >= from; row -= 1) {
      // No earlier row can end later.
      if (at(this.columns.startsMs, row) + this.#maxLengthMs <= latestMs) break
      latestMs = Math.max(latestMs, endAt(this.columns, row))
    }
    return latestMs
  }
}

/** The gaps before the rows of [from, to). Row 0 has no rest before it. */
export function findBreaks(
  { startsMs }: FragmentColumns,
  rests: Rests,
  { from, to, maxGapMs }: { readonly from: number; readonly to: number; readonly maxGapMs: number },
): Break[] {
  const breaks: Break[] = []
  for (let row = Math.max(1, from); row < to; row += 1) {
    if (!rests.isGap(row, maxGapMs)) continue
    breaks.push({ row, endMs: at(startsMs, row) - rests.before(row), frameMs: rests.frameMs(row) })
  }
  return breaks
}

function findLongest({ lengthsMs, count }: FragmentColumns): number {
  let longestMs = 0
  for (let row = 0; row < count; row += 1) longestMs = Math.max(longestMs, at(lengthsMs, row))
  return longestMs
}

function toBlockSizes({ sizesBytes, count }: FragmentColumns): Float64Array {
  const blocks = new Float64Array(Math.floor(count / ROWS_PER_BLOCK))
  return blocks.map((_, block) => sum(sizesBytes, block * ROWS_PER_BLOCK, (block + 1) * ROWS_PER_BLOCK))
}

function sum(values: Float64Array, from: number, to: number): number {
  let total = 0
  for (let index = from; index < to; index += 1) total += at(values, index)
  return total
}
