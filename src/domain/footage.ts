import { at } from '../lib/at.js'
import type { EpochMs } from '../lib/clock.js'
import type { FragmentColumns } from './fragment-columns.js'
import { Rests } from './fragment-rests.js'

/** A rest that is a gap. */
export interface Break {
  /** The first row after it. */
  readonly row: number
  /** The latest reported end of the rows before it. */
  readonly endMs: EpochMs
  /** The duration of the last frame before it. */
  readonly frameMs: number
}

/** Sorted fragments and the gaps between them: the input from which spans and gaps are computed. */
export interface Footage {
  readonly columns: FragmentColumns
  readonly rests: Rests
  readonly maxGapMs: number
  /** In order. */
  readonly breaks: readonly Break[]
  readonly end: Break
}

export function toFootage(columns: FragmentColumns, maxGapMs: number): Footage {
  const rests = new Rests(columns)
  const breaks: Break[] = []
  // Row 0 has no rest before it.
  for (let row = 1; row < columns.count; row += 1) {
    if (!rests.isGap(row, maxGapMs)) continue
    breaks.push({ row, endMs: at(columns.startsMs, row) - rests.before(row), frameMs: rests.frameMs(row) })
  }
  const end = { row: columns.count, endMs: rests.endMs, frameMs: rests.frameMs(columns.count) }
  return { columns, rests, maxGapMs, breaks, end }
}
