import { at } from '../lib/at.js'
import type { EpochMs } from '../lib/clock.js'
import { type Break, FootageIndex, findBreaks } from './footage-index.js'
import { endAt, type FragmentColumns, firstRowAt, joinColumns, sliceRows } from './fragment-columns.js'
import { Rests, ROWS_ASIDE } from './rests.js'

/** The rows [from, to) of an index. */
export interface FootagePart {
  readonly index: FootageIndex
  readonly from: number
  readonly to: number
}

/** A part and its position: `start` is the number of rows before it. */
interface PlacedPart extends FootagePart {
  readonly start: number
}

/** The input from which spans and gaps are computed. */
export interface FootageOutline {
  readonly footage: Footage
  readonly maxGapMs: number
  /** The gaps between rows, in order. */
  readonly breaks: readonly Break[]
  /** The end of the last row. */
  readonly end: Break
  /** Whether a rest before the first row, or after the last row, is a gap. */
  isGapBefore(restMs: number): boolean
  isGapAfter(restMs: number): boolean
}

/** Sorted fragments in consecutive parts, each with its own index. Rows are counted across all parts. */
export class Footage {
  readonly count: number
  readonly #parts: readonly PlacedPart[]

  constructor(parts: readonly FootagePart[]) {
    let start = 0
    this.#parts = parts.flatMap((part) => {
      if (part.from >= part.to) return []
      start += part.to - part.from
      return [{ ...part, start: start - (part.to - part.from) }]
    })
    this.count = start
  }

  static of(columns: FragmentColumns): Footage {
    return new Footage([{ index: new FootageIndex(columns), from: 0, to: columns.count }])
  }

  /** The cost of computing a coverage: the rows that are not indexed for this `maxGapMs` yet, plus the breaks of the others. */
  countSteps(maxGapMs: number): number {
    return this.#parts.reduce((sum, { index }) => sum + (index.countBreaks(maxGapMs) ?? index.columns.count), 0)
  }

  /** The first row that starts at the instant or later. The count if there is none. */
  firstRowAt(instantMs: EpochMs): number {
    for (const { index, from, to, start } of this.#parts) {
      const row = Math.max(from, firstRowAt(index.columns, instantMs))
      if (row < to) return start + row - from
    }
    return this.count
  }

  startAt(row: number): EpochMs {
    const part = this.#parts.findLast(({ start }) => start <= row)
    if (part === undefined) throw new RangeError(`no row ${row} (count ${this.count})`)
    return at(part.index.columns.startsMs, part.from + row - part.start)
  }

  /** The total size of the rows of [from, to). */
  sizeOf(from: number, to: number): number {
    return this.#slice(from, to).reduce((sum, { index, from, to }) => sum + index.sizeOf(from, to), 0)
  }

  /** The latest reported end of the rows of [from, to). -Infinity if there are none. */
  latestEndMs(from: number, to: number): EpochMs {
    return this.#slice(from, to).reduce(
      (latest, { index, from, to }) => Math.max(latest, index.latestEndMs(from, to)),
      Number.NEGATIVE_INFINITY,
    )
  }

  /**
   * Computes the breaks. The index of a part has the breaks inside it. Near its borders, they depend on rows of other parts, so those rows
   * are computed again.
   */
  outline(maxGapMs: number): FootageOutline {
    const breaks: Break[] = []
    let head: Rests | null = null
    let row = 0
    for (const part of this.#parts) {
      const known = this.#findKnown(part)
      if (known.from >= known.to) continue
      const zone = this.#readZone(row, part.start + known.from - part.from, maxGapMs)
      head ??= zone.rests
      const offset = part.start - part.from
      const inside = part.index.breaks(known.from, known.to, maxGapMs).map((line) => ({ ...line, row: line.row + offset }))
      breaks.push(...zone.breaks, ...inside)
      row = offset + known.to
    }
    const { rests: tail, breaks: last } = this.#readZone(row, this.count, maxGapMs)
    const first = head ?? tail
    return {
      footage: this,
      maxGapMs,
      breaks: [...breaks, ...last],
      end: { row: this.count, endMs: tail.endMs, frameMs: tail.frameMs(tail.count) },
      isGapBefore: (restMs) => first.isGap(0, maxGapMs, restMs),
      isGapAfter: (restMs) => tail.isGap(tail.count, maxGapMs, restMs),
    }
  }

  /** The rows of a part whose rests depend on no row outside it. Counted as in its index. */
  #findKnown({ index, from, to, start }: PlacedPart): { readonly from: number; readonly to: number } {
    // Rows before the part may extend into it up to here. They are rows of other parts, or rows of the index that are not in the part.
    const reachedMs = Math.max(this.latestEndMs(0, start), index.latestEndMs(0, from))
    let endMs = Number.NEGATIVE_INFINITY
    let row = from
    for (; row < to && endMs < reachedMs; row += 1) endMs = Math.max(endMs, endAt(index.columns, row))
    return { from: row + ROWS_ASIDE, to: to - ROWS_ASIDE }
  }

  /** The breaks before the rows of [from, to). */
  #readZone(from: number, to: number, maxGapMs: number): { readonly rests: Rests; readonly breaks: readonly Break[] } {
    const offset = Math.max(0, from - ROWS_ASIDE)
    const slices = this.#slice(offset, Math.min(this.count, to + ROWS_ASIDE))
    const columns = joinColumns(slices.map((part) => sliceRows(part.index.columns, part.from, part.to)))
    const rests = new Rests(columns, this.latestEndMs(0, offset))
    const breaks = findBreaks(columns, rests, { from: from - offset, to: to - offset, maxGapMs })
    return { rests, breaks: breaks.map((line) => ({ ...line, row: line.row + offset })) }
  }

  #slice(from: number, to: number): FootagePart[] {
    return this.#parts.flatMap((part) => {
      const slice = {
        index: part.index,
        from: part.from + Math.max(0, from - part.start),
        to: Math.min(part.to, part.from + to - part.start),
      }
      return slice.from < slice.to ? [slice] : []
    })
  }
}
