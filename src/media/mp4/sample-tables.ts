import { ROWS_PER_STEP, type Steps } from '../steps.js'
import { boxHeader, concat, u32, versionAndFlags } from './box.js'
import type { ChunkColumns, DurationRuns, SampleColumns } from './movie.js'
import { columnToRuns, durationsToRuns } from './runs.js'

/** The tables of `stbl` (ISO/IEC 14496-12, 8.6 and 8.7), each as one piece, from the columns. Offsets have their own file. */
export function* buildSampleTables(samples: SampleColumns, chunks: ChunkColumns): Steps<Uint8Array[]> {
  const tables = [yield* pairsTable('stts', yield* durationsToRuns(samples))]
  if (samples.compositionOffsets !== null) tables.push(yield* pairsTable('ctts', yield* columnToRuns(samples.compositionOffsets)))
  if (samples.syncs !== null) tables.push(yield* buildStss(samples.syncs))
  tables.push(yield* buildStsz(samples))
  tables.push(yield* buildStsc(chunks))
  return tables
}

/** `stts` (8.6.1.2) and `ctts` version 0 (8.6.1.3): rows of a count and a value. */
function* pairsTable(type: 'stts' | 'ctts', runs: DurationRuns): Steps<Uint8Array> {
  const rows = runs.counts.length
  const { bytes, view, at } = startTable({ type, rows, rowBytes: 8 })
  for (let row = 0; row < rows; row += 1) {
    view.setUint32(at + 8 * row, runs.counts[row] ?? 0)
    view.setUint32(at + 8 * row + 4, runs.values[row] ?? 0)
    if (row % ROWS_PER_STEP === ROWS_PER_STEP - 1) yield
  }
  return bytes
}

/** Numbers of the sync samples, from 1 (8.6.2). */
function* buildStss(syncs: Uint8Array): Steps<Uint8Array> {
  let rows = 0
  for (let index = 0; index < syncs.length; index += 1) {
    rows += syncs[index] === 0 ? 0 : 1
    if (index % ROWS_PER_STEP === ROWS_PER_STEP - 1) yield
  }
  const { bytes, view, at } = startTable({ type: 'stss', rows, rowBytes: 4 })
  let row = at
  for (let index = 0; index < syncs.length; index += 1) {
    if (syncs[index] !== 0) {
      view.setUint32(row, index + 1)
      row += 4
    }
    if (index % ROWS_PER_STEP === ROWS_PER_STEP - 1) yield
  }
  return bytes
}

/** 8.7.3.2; a column that is a bare number needs no row at all. */
function* buildStsz({ sizes, count }: SampleColumns): Steps<Uint8Array> {
  if (typeof sizes === 'number') return concat([boxHeader('stsz', 12), versionAndFlags(0, 0), u32(sizes, count)])
  const header = concat([boxHeader('stsz', 12 + 4 * count), versionAndFlags(0, 0), u32(0, count)])
  const bytes = new Uint8Array(header.byteLength + 4 * count)
  bytes.set(header)
  const view = new DataView(bytes.buffer, header.byteLength)
  for (let index = 0; index < count; index += 1) {
    view.setUint32(4 * index, sizes[index] ?? 0)
    if (index % ROWS_PER_STEP === ROWS_PER_STEP - 1) yield
  }
  return bytes
}

/** First chunk (from 1), samples a chunk, sample entry 1: a row where the number of samples changes (8.7.4). */
function* buildStsc({ sampleCounts }: ChunkColumns): Steps<Uint8Array> {
  const runs = yield* columnToRuns(sampleCounts)
  const rows = runs.counts.length
  const { bytes, view, at } = startTable({ type: 'stsc', rows, rowBytes: 12 })
  let firstChunk = 1
  for (let row = 0; row < rows; row += 1) {
    view.setUint32(at + 12 * row, firstChunk)
    view.setUint32(at + 12 * row + 4, runs.values[row] ?? 0)
    view.setUint32(at + 12 * row + 8, 1)
    firstChunk += runs.counts[row] ?? 0
  }
  return bytes
}

/** `stco` or `co64` (8.7.5), rows still to be filled: where a chunk lies is known only when the length of every table is. */
export class ChunkOffsetTable {
  readonly bytes: Uint8Array

  constructor(
    private readonly chunks: ChunkColumns,
    private readonly isWide: boolean,
  ) {
    this.bytes = startTable({ type: isWide ? 'co64' : 'stco', rows: chunks.count, rowBytes: isWide ? 8 : 4 }).bytes
  }

  /** `spanStarts`: first byte of each span in the file. */
  *fill(spanStarts: Float64Array): Steps<void> {
    const { count, spans, offsets } = this.chunks
    const rowBytes = this.isWide ? 8 : 4
    const view = new DataView(this.bytes.buffer, this.bytes.byteLength - rowBytes * count)
    for (let chunk = 0; chunk < count; chunk += 1) {
      const offset = (spanStarts[spans[chunk] ?? 0] ?? 0) + (offsets[chunk] ?? 0)
      if (this.isWide) view.setUint32(8 * chunk, Math.floor(offset / 0x100000000))
      view.setUint32(rowBytes * (chunk + 1) - 4, offset)
      if (chunk % ROWS_PER_STEP === ROWS_PER_STEP - 1) yield
    }
  }
}

function startTable({ type, rows, rowBytes }: { type: string; rows: number; rowBytes: number }): {
  bytes: Uint8Array
  view: DataView
  at: number
} {
  const header = concat([boxHeader(type, 8 + rowBytes * rows), versionAndFlags(0, 0), u32(rows)])
  const bytes = new Uint8Array(header.byteLength + rowBytes * rows)
  bytes.set(header)
  return { bytes, view: new DataView(bytes.buffer), at: header.byteLength }
}
