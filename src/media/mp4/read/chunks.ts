import { freeBytes } from '../../free-bytes.js'
import { MalformedMedia } from '../../malformed-media.js'
import type { Chunks, TrackPiece } from '../movie.js'
import { narrowAndFree, rowAt, toShortest } from '../tables/columns.js'
import { sampleBytes } from '../tables/pieces.js'
import { type BoxView, NotUnderstood } from './box-view.js'
import type { FileRange } from './find-movie.js'
import type { NamedBoxes } from './named-boxes.js'

/** `stsc` with `stco` or `co64`. Span n is `mdats[n]`. Throws MalformedMedia for a chunk that is in none of them. */
export function readChunks(stbl: NamedBoxes, samples: Pick<TrackPiece, 'count' | 'sizes'>, mdats: readonly FileRange[]): Chunks {
  const [stsc, offsets] = [stbl.get('stsc'), stbl.either('stco', 'co64')]
  if (stsc.version !== 0 || offsets.version !== 0) throw new NotUnderstood('a chunk table has a version other than 0')
  const starts = readOffsets(offsets)
  const count = starts.length
  const sampleCounts = readSampleCounts(stsc, count, samples.count)
  const spans = new Uint32Array(count)
  let firstSample = 0
  let span = 0
  for (let chunk = 0; chunk < count; chunk += 1) {
    const start = rowAt(starts, chunk)
    const nextSample = firstSample + rowAt(sampleCounts, chunk)
    const end = start + sampleBytes(samples, firstSample, nextSample)
    if (!isInside(mdats[span], start, end)) span = mdats.findIndex((mdat) => isInside(mdat, start, end))
    const mdat = mdats[span]
    if (mdat === undefined) {
      const rowOffset = offsets.offset + 8 + (offsets.type === 'co64' ? 8 : 4) * chunk
      throw new MalformedMedia(`chunk ${chunk + 1}, bytes ${start} to ${end}, is outside mdat`, rowOffset)
    }
    spans[chunk] = span
    starts[chunk] = start - mdat.start
    firstSample = nextSample
  }
  const isNarrow = mdats.every(({ start, end }) => end - start <= 0xffffffff)
  const chunks = {
    count,
    spans: toShortest(spans),
    offsets: isNarrow ? narrowAndFree(starts instanceof Uint32Array ? starts : Uint32Array.from(starts)) : Float64Array.from(starts),
    sampleCounts: toShortest(sampleCounts),
  }
  for (const column of [starts, spans, sampleCounts]) freeBytes(column)
  return chunks
}

/** Offset of the chunk that is farthest in the file, in all tracks; 0 if there is none. */
export function farthestChunk(moov: BoxView): number {
  const inside = (boxes: readonly BoxView[], type: string) => boxes.filter((box) => box.type === type).flatMap((box) => box.children())
  const stbl = ['trak', 'mdia', 'minf', 'stbl'].reduce(inside, moov.children())
  const tables = stbl.filter(({ type }) => type === 'stco' || type === 'co64')
  return tables.reduce((most, table) => Math.max(most, farthestRow(table)), 0)
}

function farthestRow(table: BoxView): number {
  const offsets = readOffsets(table)
  let farthest = 0
  for (const offset of offsets) if (offset > farthest) farthest = offset
  freeBytes(offsets)
  return farthest
}

function readOffsets(table: BoxView): Uint32Array | Float64Array {
  if (table.type !== 'co64') return table.words(8, table.rows(4, 4))
  const words = table.words(8, 2 * table.rows(4, 8))
  const offsets = Float64Array.from(
    { length: words.length / 2 },
    (_, row) => rowAt(words, 2 * row) * 0x100000000 + rowAt(words, 2 * row + 1),
  )
  freeBytes(words)
  return offsets
}

function isInside(mdat: FileRange | undefined, start: number, end: number): boolean {
  return mdat !== undefined && start >= mdat.start && end <= mdat.end
}

/** Samples of each chunk (ISO/IEC 14496-12, 8.7.4): a row is valid from its first chunk to that of the next row. */
function readSampleCounts(stsc: BoxView, chunkCount: number, sampleCount: number): Uint32Array {
  const rows = stsc.rows(4, 12)
  const counts = new Uint32Array(chunkCount)
  let counted = 0
  for (let row = 0; row < rows; row += 1) {
    const at = 8 + 12 * row
    const first = stsc.u32(at) - 1
    const next = row + 1 < rows ? stsc.u32(at + 12) - 1 : chunkCount
    const startsRight = row > 0 || first === 0
    if (!startsRight || next < first || next > chunkCount) throw new MalformedMedia(`stsc row ${row + 1} is out of order`, stsc.offset + at)
    if (stsc.u32(at + 4) === 0) throw new MalformedMedia('a chunk has no samples', stsc.offset + at)
    if (stsc.u32(at + 8) !== 1) throw new NotUnderstood('a chunk uses a second sample entry')
    counts.fill(stsc.u32(at + 4), first, next)
    counted += stsc.u32(at + 4) * (next - first)
  }
  if (counted !== sampleCount) throw new MalformedMedia(`the chunks have ${counted} samples, the track has ${sampleCount}`, stsc.offset)
  return counts
}
