import { u32 } from '../../box.js'
import { ROWS_PER_STEP, type Steps } from '../../steps.js'
import type { Runs } from '../movie.js'
import type { PackedChunks, PackedTrack, TrackPiece } from '../packed-movie.js'
import { toColumn } from '../tables/columns.js'
import { durationsToRuns, RunBuilder } from '../tables/runs.js'
import { Table, type TableRows } from './table.js'

/** Rows that are made at a time: 64 to 192 KiB of them, a fraction of a millisecond. */
const ROWS_AT_A_TIME = 16_384

/** The tables of `stbl` (ISO/IEC 14496-12, 8.6 and 8.7) but `stsd` and the chunk offsets, which have a class of their own. */
export function* createSampleTables({ samples, pieces }: PackedTrack): Steps<Table[]> {
  const tables = [pairsTable('stts', yield* durationsToRuns(samples))]
  if (samples.compositionOffsets !== null) tables.push(pairsTable('ctts', samples.compositionOffsets))
  if (pieces.some(({ keys }) => keys !== null)) tables.push(stss(pieces))
  tables.push(stsz(pieces))
  tables.push(yield* stsc(pieces))
  return tables
}

/** `stts` (8.6.1.2) and `ctts` version 0 (8.6.1.3): rows of a count and a value. */
function pairsTable(type: 'stts' | 'ctts', { counts, values }: Runs): Table {
  const rows = rowsOf({ count: counts.length, rowBytes: 8 }, (words, from, to) => {
    for (let row = from; row < to; row += 1) {
      words[2 * (row - from)] = counts[row] ?? 0
      words[2 * (row - from) + 1] = values[row] ?? 0
    }
  })
  return new Table(type, u32(counts.length), rows)
}

/** Numbers of the sync samples, from 1 (8.6.2). */
function stss(pieces: readonly TrackPiece[]): Table {
  let before = 1
  const rows = pieces.flatMap(({ count, keys }) => {
    const first = before
    before += count
    return rowsOf({ count: keys?.length ?? count, rowBytes: 4 }, (words, from, to) => {
      for (let row = from; row < to; row += 1) words[row - from] = first + (keys?.[row] ?? row)
    })
  })
  return new Table('stss', u32(countRows(rows, 4)), rows)
}

/** 8.7.3.2; a column that is a bare number needs no row at all. */
function stsz(pieces: readonly TrackPiece[]): Table {
  const count = pieces.reduce((total, piece) => total + piece.count, 0)
  const [first] = pieces
  const oneSize = first === undefined ? 0 : first.sizes
  if (typeof oneSize === 'number') return new Table('stsz', u32(oneSize, count), [])
  const rows = pieces.flatMap((piece) => {
    const sizes = toColumn(piece.sizes, piece.count)
    return rowsOf({ count: piece.count, rowBytes: 4 }, (words, from, to) => words.set(sizes.subarray(from, to)))
  })
  return new Table('stsz', u32(0, count), rows)
}

/** First chunk (from 1), samples a chunk, sample entry 1: a row where the number of samples changes (8.7.4). */
function* stsc(pieces: readonly TrackPiece[]): Steps<Table> {
  const builder = new RunBuilder()
  for (const { chunks } of pieces) yield* addSampleCounts(builder, chunks)
  const { counts, values } = builder.buildNarrow()
  const rows: TableRows[] = []
  let firstChunk = 1
  for (let from = 0; from < counts.length; from += ROWS_AT_A_TIME) {
    const page = { counts: counts.subarray(from, from + ROWS_AT_A_TIME), values: values.subarray(from, from + ROWS_AT_A_TIME) }
    rows.push(stscRows({ ...page, firstChunk }))
    for (const count of page.counts) firstChunk += count
    yield
  }
  return new Table('stsc', u32(counts.length), rows)
}

function* addSampleCounts(builder: RunBuilder, { count, sampleCounts }: PackedChunks): Steps<void> {
  if (typeof sampleCounts === 'number') return builder.add(count, sampleCounts)
  for (let chunk = 0; chunk < count; chunk += 1) {
    builder.add(1, sampleCounts[chunk] ?? 0)
    if (chunk % ROWS_PER_STEP === ROWS_PER_STEP - 1) yield
  }
}

function stscRows({ firstChunk, counts, values }: Runs & { readonly firstChunk: number }): TableRows {
  return {
    byteLength: 12 * counts.length,
    fill(words) {
      let chunk = firstChunk
      for (let row = 0; row < counts.length; row += 1) {
        words[3 * row] = chunk
        words[3 * row + 1] = values[row] ?? 0
        words[3 * row + 2] = 1
        chunk += counts[row] ?? 0
      }
    },
  }
}

/** `stco` or `co64` (8.7.5). Where the media begins is known only when the length of every table is: `placeSpans` comes before the rows are read. */
export class ChunkOffsets {
  readonly table: Table
  private spanStarts: Float64Array = new Float64Array(0)

  constructor(pieces: readonly TrackPiece[], isWide: boolean) {
    const rows = pieces.flatMap(({ chunks }) => this.rowsOf(chunks, isWide))
    this.table = new Table(isWide ? 'co64' : 'stco', u32(countRows(rows, isWide ? 8 : 4)), rows)
  }

  /** Place in the file that the chunks of each span count from. */
  placeSpans(spanStarts: Float64Array): void {
    this.spanStarts = spanStarts
  }

  private rowsOf({ count, spans, offsets }: PackedChunks, isWide: boolean): TableRows[] {
    const rowBytes = isWide ? 8 : 4
    return rowsOf({ count, rowBytes }, (words, from, to) => {
      const { spanStarts } = this
      const onlyStart = typeof spans === 'number' ? (spanStarts[spans] ?? 0) : 0
      let at = 0
      for (let row = from; row < to; row += 1) {
        const start = typeof spans === 'number' ? onlyStart : (spanStarts[spans[row] ?? 0] ?? 0)
        const place = start + (offsets[row] ?? 0)
        if (isWide) words[at++] = Math.floor(place / 0x100000000)
        words[at++] = place
      }
    })
  }
}

/** Fills in the rows [from, to) of a column. A loop for each table: a call for each row was half as fast. */
type RowsFiller = (words: Uint32Array, from: number, to: number) => void

function rowsOf({ count, rowBytes }: { readonly count: number; readonly rowBytes: number }, fillRows: RowsFiller): TableRows[] {
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
