import { boxHeader, versionAndFlags } from '../../box.js'
import { concat, swapWords, u32 } from '../../bytes.js'
import { ROWS_PER_STEP, type Steps } from '../../steps.js'
import type { Chunks, MovieTrack, Runs, TrackPiece } from '../movie.js'
import { rowAt, toColumn } from '../tables/columns.js'
import { RunBuilder } from '../tables/runs.js'

/** Rows of a table that become bytes only when they are read. */
export interface TableRows {
  readonly byteLength: number
  /** Writes the rows as numbers. `words` has exactly `byteLength` bytes, all 0. */
  fill(words: Uint32Array): void
}

/** The rows as bytes, big-endian. Each call makes them again. */
export function toBytes(rows: TableRows): Uint8Array {
  const words = new Uint32Array(rows.byteLength / 4)
  rows.fill(words)
  swapWords(words)
  return new Uint8Array(words.buffer)
}

/** A table of `stbl`: its header and fields as bytes, its rows on demand. */
export class Table {
  readonly byteLength: number
  readonly pieces: readonly (Uint8Array | TableRows)[]

  /** `fields`: what precedes the rows, after version and flags. */
  constructor(type: string, fields: Uint8Array, rows: readonly TableRows[]) {
    const rowBytes = rows.reduce((total, { byteLength }) => total + byteLength, 0)
    const header = concat([boxHeader(type, 4 + fields.byteLength + rowBytes), versionAndFlags(0, 0), fields])
    this.byteLength = header.byteLength + rowBytes
    this.pieces = [header, ...rows]
  }
}

/** Rows that are made at a time: 64 to 192 KiB, a fraction of a millisecond. */
const ROWS_AT_A_TIME = 16_384

/** The tables of `stbl` (ISO/IEC 14496-12, 8.6 and 8.7), except for `stsd` and the chunk offsets. */
export function* createSampleTables({ samples, pieces }: MovieTrack): Steps<Table[]> {
  const tables = [createRunTable('stts', samples.durations)]
  if (samples.compositionOffsets !== null) tables.push(createRunTable('ctts', samples.compositionOffsets))
  if (pieces.some(({ keys }) => keys !== null)) tables.push(createStss(pieces))
  tables.push(createStsz(pieces))
  tables.push(yield* createStsc(pieces))
  return tables
}

/** `stts` (8.6.1.2) and `ctts` version 0 (8.6.1.3): rows of a count and a value. */
function createRunTable(type: 'stts' | 'ctts', { counts, values }: Runs): Table {
  const rows = toTableRows({ count: counts.length, rowBytes: 8 }, (words, from, to) => {
    for (let row = from, at = 0; row < to; row += 1, at += 2) {
      words[at] = rowAt(counts, row)
      words[at + 1] = rowAt(values, row)
    }
  })
  return new Table(type, u32(counts.length), rows)
}

/** `stss` (8.6.2): numbers of the sync samples, from 1. */
function createStss(pieces: readonly TrackPiece[]): Table {
  let next = 1
  const rows = pieces.flatMap(({ count, keys }) => {
    const first = next
    next += count
    return toTableRows({ count: keys === null ? count : keys.length, rowBytes: 4 }, (words, from, to) => {
      for (let row = from; row < to; row += 1) words[row - from] = first + (keys === null ? row : rowAt(keys, row))
    })
  })
  return new Table('stss', u32(countRows(rows, 4)), rows)
}

/** `stsz` (8.7.3.2), which needs no rows if all samples have one size. */
function createStsz(pieces: readonly TrackPiece[]): Table {
  const count = pieces.reduce((total, piece) => total + piece.count, 0)
  const [first] = pieces
  if (first === undefined) return new Table('stsz', u32(0, 0), [])
  if (typeof first.sizes === 'number') return new Table('stsz', u32(first.sizes, count), [])
  const rows = pieces.flatMap((piece) => {
    const sizes = toColumn(piece.sizes, piece.count)
    return toTableRows({ count: piece.count, rowBytes: 4 }, (words, from, to) => words.set(sizes.subarray(from, to)))
  })
  return new Table('stsz', u32(0, count), rows)
}

/** `stsc` (8.7.4): first chunk (from 1), samples per chunk, sample entry 1; a row for each run of chunks with equal counts. */
function* createStsc(pieces: readonly TrackPiece[]): Steps<Table> {
  const builder = new RunBuilder()
  for (const { chunks } of pieces) yield* addSampleCounts(builder, chunks)
  const { counts, values } = builder.build()
  const firstChunks = new Uint32Array(counts.length)
  for (let row = 0, next = 1; row < counts.length; row += 1) {
    firstChunks[row] = next
    next += rowAt(counts, row)
  }
  yield
  const rows = toTableRows({ count: counts.length, rowBytes: 12 }, (words, from, to) => {
    for (let row = from, at = 0; row < to; row += 1, at += 3) {
      words[at] = rowAt(firstChunks, row)
      words[at + 1] = rowAt(values, row)
      words[at + 2] = 1
    }
  })
  return new Table('stsc', u32(counts.length), rows)
}

function* addSampleCounts(builder: RunBuilder, { count, sampleCounts }: Chunks): Steps<void> {
  if (typeof sampleCounts === 'number') return builder.add(count, sampleCounts)
  for (let chunk = 0; chunk < count; chunk += 1) {
    builder.add(1, rowAt(sampleCounts, chunk))
    if (chunk % ROWS_PER_STEP === ROWS_PER_STEP - 1) yield
  }
}

/** `stco` or `co64` (8.7.5). Call `placeSpans` before the rows are read: the media starts after all tables, whose lengths it depends on. */
export class ChunkOffsets {
  readonly table: Table
  #spanStarts: Float64Array = new Float64Array(0)

  constructor(pieces: readonly TrackPiece[], isWide: boolean) {
    const rows = pieces.flatMap(({ chunks }) => this.#toRows(chunks, isWide))
    this.table = new Table(isWide ? 'co64' : 'stco', u32(countRows(rows, isWide ? 8 : 4)), rows)
  }

  /** `spanStarts`: where in the file the chunk offsets of each span count from. */
  placeSpans(spanStarts: Float64Array): void {
    this.#spanStarts = spanStarts
  }

  #toRows({ count, spans, offsets }: Chunks, isWide: boolean): TableRows[] {
    const rowBytes = isWide ? 8 : 4
    return toTableRows({ count, rowBytes }, (words, from, to) => {
      const starts = this.#spanStarts
      let at = 0
      for (let row = from; row < to; row += 1) {
        const offset = rowAt(starts, rowAt(spans, row)) + rowAt(offsets, row)
        if (isWide) words[at++] = Math.floor(offset / 0x100000000)
        words[at++] = offset
      }
    })
  }
}

/** Writes the rows [from, to) of a column. Each table has a loop of its own: a call for each row was half as fast. */
type RowsFiller = (words: Uint32Array, from: number, to: number) => void

function toTableRows({ count, rowBytes }: { readonly count: number; readonly rowBytes: number }, fillRows: RowsFiller): TableRows[] {
  const rows: TableRows[] = []
  for (let from = 0; from < count; from += ROWS_AT_A_TIME) {
    const to = Math.min(from + ROWS_AT_A_TIME, count)
    rows.push({ byteLength: rowBytes * (to - from), fill: (words) => fillRows(words, from, to) })
  }
  return rows
}

function countRows(rows: readonly TableRows[], rowBytes: number): number {
  return rows.reduce((total, { byteLength }) => total + byteLength, 0) / rowBytes
}
