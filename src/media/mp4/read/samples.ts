import { freeBytes } from '../../free-bytes.js'
import { MalformedMedia } from '../../malformed-media.js'
import type { Runs, SampleTimes, TrackPiece } from '../movie.js'
import { narrowAndFree, rowAt } from '../tables/columns.js'
import { RunBuilder } from '../tables/runs.js'
import { type BoxView, NotUnderstood } from './box-view.js'
import type { NamedBoxes } from './named-boxes.js'

export interface ReadSamples extends Pick<TrackPiece, 'sizes' | 'keys'> {
  readonly times: SampleTimes
  /** Ticks that were added to all composition offsets, so that none is negative. */
  readonly raisedBy: number
}

/** Clauses 8.6.1 to 8.7.3 of ISO/IEC 14496-12. Memory is bounded by the size of the boxes, not by the counts in them. */
export function readSamples(stbl: NamedBoxes): ReadSamples {
  const [stts, ctts, stss, stsz] = [stbl.get('stts'), stbl.find('ctts'), stbl.find('stss'), stbl.either('stsz', 'stz2')]
  const { count, sizes } = stsz.type === 'stz2' ? readStz2(stsz) : readStsz(stsz)
  const durations = readRunTable(stts, count)
  const { compositionOffsets, raisedBy } = ctts === null ? NO_OFFSETS : readCtts(ctts, count)
  const keys = stss === null ? null : readStss(stss, count)
  return { times: { count, durations, compositionOffsets }, sizes, keys, raisedBy }
}

const NO_OFFSETS = { compositionOffsets: null, raisedBy: 0 }

interface ReadSizes extends Pick<TrackPiece, 'sizes'> {
  readonly count: number
}

function readStsz(stsz: BoxView): ReadSizes {
  refuseVersion(stsz, 0)
  const constant = stsz.u32(4)
  if (constant !== 0) return { count: stsz.u32(8), sizes: constant }
  const count = stsz.rows(8, 4)
  return { count, sizes: narrowAndFree(stsz.words(12, count)) }
}

/** Sizes of 4, 8 or 16 bits (8.7.3.3). */
function readStz2(stz2: BoxView): ReadSizes {
  refuseVersion(stz2, 0)
  const fieldBits = stz2.u8(7)
  if (fieldBits !== 4 && fieldBits !== 8 && fieldBits !== 16) throw new MalformedMedia(`stz2 has fields of ${fieldBits} bits`, stz2.offset)
  const count = stz2.rows(8, fieldBits / 8)
  return { count, sizes: narrowAndFree(Uint32Array.from({ length: count }, (_, index) => readStz2Field(stz2, fieldBits, index))) }
}

function readStz2Field(stz2: BoxView, fieldBits: 4 | 8 | 16, index: number): number {
  if (fieldBits === 16) return stz2.u16(12 + 2 * index)
  if (fieldBits === 8) return stz2.u8(12 + index)
  const pair = stz2.u8(12 + (index >>> 1))
  return index % 2 === 0 ? pair >>> 4 : pair & 0x0f
}

/** `stts` and `ctts`: rows of a count and a value, for exactly as many samples as there are. */
function readRunTable(table: BoxView, count: number): Runs {
  refuseVersion(table, 1)
  const rows = table.rows(4, 8)
  const words = table.words(8, 2 * rows)
  const runs = new RunBuilder()
  let counted = 0
  for (let row = 0; row < rows; row += 1) {
    const samples = rowAt(words, 2 * row)
    counted += samples
    if (counted > count)
      throw new MalformedMedia(`${table.type} has more samples than the ${count} of the track`, table.offset + 8 + 8 * row)
    runs.add(samples, rowAt(words, 2 * row + 1))
  }
  freeBytes(words)
  if (counted < count) throw new MalformedMedia(`${table.type} has ${counted} samples, the track has ${count}`, table.offset)
  return runs.build()
}

function readCtts(ctts: BoxView, count: number): Pick<SampleTimes, 'compositionOffsets'> & Pick<ReadSamples, 'raisedBy'> {
  const { counts, values } = readRunTable(ctts, count)
  if (values.every((value) => value === 0)) return NO_OFFSETS
  const signed = Int32Array.from(values)
  const lowest = signed.reduce((low, value) => Math.min(low, value), 0)
  if (lowest < 0 && ctts.version === 0) throw new NotUnderstood('ctts version 0 has offsets above 2^31')
  const raised = lowest === 0 ? values : narrowAndFree(Uint32Array.from(signed, (value) => value - lowest))
  return { compositionOffsets: { counts, values: raised }, raisedBy: 0 - lowest }
}

/** Null if every sample is a sync sample. */
function readStss(stss: BoxView, count: number): TrackPiece['keys'] {
  refuseVersion(stss, 0)
  const rows = stss.rows(4, 4)
  if (rows === count) return null
  const keys = stss.words(8, rows)
  let previous = 0
  for (const [row, number] of keys.entries()) {
    if (number <= previous || number > count)
      throw new MalformedMedia(`stss has sample ${number} after ${previous}`, stss.offset + 8 + 4 * row)
    keys[row] = number - 1
    previous = number
  }
  return narrowAndFree(keys)
}

function refuseVersion(table: BoxView, highest: number): void {
  if (table.version > highest) throw new NotUnderstood(`${table.type} has version ${table.version}`)
}
