import { MalformedMedia } from '../../malformed-media.js'
import type { DurationRuns, SampleColumns } from '../movie.js'
import { RunBuilder, runsToDurations } from '../tables/runs.js'
import type { BoxView } from './box-view.js'
import { NotUnderstood } from './not-understood.js'

/**
 * Rows that a table may unfold to when `stsz` itself does not hold a row for each (samples of one size): what memory a short hostile head
 * can ask for is bounded by it.
 */
export const MAX_UNFOLDED_ROWS = 4_000_000

export interface StblBoxes {
  readonly stts: BoxView
  readonly ctts: BoxView | null
  readonly stss: BoxView | null
  /** `stsz` or `stz2`. */
  readonly sizes: BoxView
}

/** The sample columns, and by how many ticks composition offsets were raised to have no negative ones. */
export function readSamples(boxes: StblBoxes): { samples: SampleColumns; raisedBy: number } {
  const { count, sizes } = boxes.sizes.type === 'stz2' ? readStz2(boxes.sizes) : readStsz(boxes.sizes)
  const runs = readPairs(boxes.stts, count)
  const durations = typeof sizes === 'number' || runs.counts.length <= 1 ? runsToDurations(runs) : unfold(runs, count)
  const { compositionOffsets, raisedBy } = boxes.ctts === null ? NO_OFFSETS : readCtts(boxes.ctts, count)
  const syncs = boxes.stss === null ? null : readStss(boxes.stss, count)
  return { samples: { count, sizes, durations, compositionOffsets, syncs }, raisedBy }
}

const NO_OFFSETS = { compositionOffsets: null, raisedBy: 0 }

function readStsz(stsz: BoxView): { count: number; sizes: Uint32Array | number } {
  refuseVersion(stsz, 0)
  const constant = stsz.u32(4)
  if (constant !== 0) return { count: stsz.u32(8), sizes: constant }
  const count = stsz.rows(8, 4)
  return { count, sizes: stsz.words(12, count) }
}

/** Sizes of 4, 8 or 16 bits (ISO/IEC 14496-12, 8.7.3.3). */
function readStz2(stz2: BoxView): { count: number; sizes: Uint32Array } {
  refuseVersion(stz2, 0)
  const fieldBits = stz2.u8(7)
  if (fieldBits !== 4 && fieldBits !== 8 && fieldBits !== 16) throw new MalformedMedia(`stz2 has fields of ${fieldBits} bits`, stz2.offset)
  const count = stz2.rows(8, fieldBits / 8)
  const sizes = new Uint32Array(count)
  for (let index = 0; index < count; index += 1) sizes[index] = stz2Field(stz2, fieldBits, index)
  return { count, sizes }
}

function stz2Field(stz2: BoxView, fieldBits: 4 | 8 | 16, index: number): number {
  if (fieldBits === 16) return stz2.u16(12 + 2 * index)
  if (fieldBits === 8) return stz2.u8(12 + index)
  const pair = stz2.u8(12 + (index >>> 1))
  return index % 2 === 0 ? pair >>> 4 : pair & 0x0f
}

/** Rows of a count and a value, which must count as many samples as there are. */
function readPairs(table: BoxView, count: number): DurationRuns {
  refuseVersion(table, 1)
  const rows = table.rows(4, 8)
  const words = table.words(8, 2 * rows)
  const runs = new RunBuilder()
  let counted = 0
  for (let row = 0; row < rows; row += 1) {
    const samples = words[2 * row] ?? 0
    counted += samples
    if (counted > count)
      throw new MalformedMedia(`${table.type} has more samples than the ${count} of the track`, table.offset + 8 + 8 * row)
    runs.add(samples, words[2 * row + 1] ?? 0)
  }
  if (counted < count) throw new MalformedMedia(`${table.type} has ${counted} samples, the track ${count}`, table.offset)
  return runs.build()
}

function readCtts(ctts: BoxView, count: number): { compositionOffsets: Uint32Array | null; raisedBy: number } {
  const runs = readPairs(ctts, count)
  if (runs.values.every((value) => value === 0)) return NO_OFFSETS
  refuseUnfolding(count, runs)
  const signed = Int32Array.from(runs.values)
  const lowest = signed.reduce((low, value) => Math.min(low, value), 0)
  if (lowest < 0 && ctts.version === 0) throw new NotUnderstood('ctts version 0 holds offsets beyond 2^31')
  const raised = { counts: runs.counts, values: Uint32Array.from(signed, (value) => value - lowest) }
  return { compositionOffsets: unfold(raised, count), raisedBy: 0 - lowest }
}

function readStss(stss: BoxView, count: number): Uint8Array | null {
  refuseVersion(stss, 0)
  const rows = stss.rows(4, 4)
  if (rows === count) return null
  if (count > MAX_UNFOLDED_ROWS) throw new NotUnderstood(`a track of ${count} samples lists its sync samples`)
  const words = stss.words(8, rows)
  const syncs = new Uint8Array(count)
  let previous = 0
  for (let row = 0; row < rows; row += 1) {
    const number = words[row] ?? 0
    if (number <= previous || number > count)
      throw new MalformedMedia(`stss lists sample ${number} after ${previous}`, stss.offset + 8 + 4 * row)
    syncs[number - 1] = 1
    previous = number
  }
  return syncs
}

function unfold(runs: DurationRuns, count: number): Uint32Array {
  refuseUnfolding(count, runs)
  const column = new Uint32Array(count)
  let at = 0
  for (let row = 0; row < runs.counts.length; row += 1) {
    const next = at + (runs.counts[row] ?? 0)
    column.fill(runs.values[row] ?? 0, at, next)
    at = next
  }
  return column
}

function refuseUnfolding(count: number, { counts }: DurationRuns): void {
  if (count > MAX_UNFOLDED_ROWS) throw new NotUnderstood(`${counts.length} runs would unfold to ${count} rows`)
}

function refuseVersion(table: BoxView, highest: number): void {
  if (table.version > highest) throw new NotUnderstood(`${table.type} has version ${table.version}`)
}
