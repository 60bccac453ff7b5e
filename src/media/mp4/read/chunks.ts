import { MalformedMedia } from '../../malformed-media.js'
import { sampleBytes } from '../edit/cut-track.js'
import type { ChunkColumns, SampleColumns } from '../movie.js'
import type { BoxView } from './box-view.js'
import type { FileRange } from './find-movie.js'
import { NotUnderstood } from './not-understood.js'

/** `stsc` with `stco` or `co64` as columns. Span n is `mdats[n]`; a chunk that does not lie in one of them is refused. */
export function readChunks(
  { stsc, offsets }: { stsc: BoxView; offsets: BoxView },
  samples: SampleColumns,
  mdats: readonly FileRange[],
): ChunkColumns {
  if (stsc.version !== 0 || offsets.version !== 0) throw new NotUnderstood('a chunk table has a version other than 0')
  const starts = readOffsets(offsets)
  const count = starts.length
  const sampleCounts = readSampleCounts(stsc, count, samples.count)
  const isNarrow = mdats.every(({ start, end }) => end - start <= 0xffffffff)
  const offsetColumn = isNarrow ? new Uint32Array(count) : new Float64Array(count)
  const chunks = { count, spans: new Uint32Array(count), offsets: offsetColumn, sampleCounts }
  let firstSample = 0
  let span = 0
  for (let chunk = 0; chunk < count; chunk += 1) {
    const start = starts[chunk] ?? 0
    const samplesInChunk = sampleCounts[chunk] ?? 0
    const end = start + sampleBytes(samples, firstSample, firstSample + samplesInChunk)
    if (!isInside(mdats[span], start, end)) span = mdats.findIndex((mdat) => isInside(mdat, start, end))
    const mdat = mdats[span]
    if (mdat === undefined) {
      const rowAt = offsets.offset + 8 + (offsets.type === 'co64' ? 8 : 4) * chunk
      throw new MalformedMedia(`chunk ${chunk + 1}, bytes ${start} to ${end}, lies outside mdat`, rowAt)
    }
    chunks.spans[chunk] = span
    chunks.offsets[chunk] = start - mdat.start
    firstSample += samplesInChunk
  }
  return chunks
}

/** The first byte of the chunk that lies farthest in the file, in whichever track; 0 when there is none. */
export function farthestChunk(moov: BoxView): number {
  const inside = (boxes: readonly BoxView[], type: string) => boxes.filter((box) => box.type === type).flatMap((box) => box.children())
  const stbl = ['trak', 'mdia', 'minf', 'stbl'].reduce(inside, moov.children())
  return stbl.filter(({ type }) => type === 'stco' || type === 'co64').reduce((most, table) => Math.max(most, farthestRow(table)), 0)
}

function farthestRow(offsets: BoxView): number {
  let farthest = 0
  for (const start of readOffsets(offsets)) if (start > farthest) farthest = start
  return farthest
}

function readOffsets(offsets: BoxView): Uint32Array | Float64Array {
  if (offsets.type !== 'co64') return offsets.words(8, offsets.rows(4, 4))
  const words = offsets.words(8, 2 * offsets.rows(4, 8))
  const starts = new Float64Array(words.length / 2)
  for (let row = 0; row < starts.length; row += 1) starts[row] = (words[2 * row] ?? 0) * 0x100000000 + (words[2 * row + 1] ?? 0)
  return starts
}

function isInside(mdat: FileRange | undefined, start: number, end: number): boolean {
  return mdat !== undefined && start >= mdat.start && end <= mdat.end
}

/** Samples in each chunk (ISO/IEC 14496-12, 8.7.4): a row holds from its first chunk to the next row's. */
function readSampleCounts(stsc: BoxView, chunkCount: number, sampleCount: number): Uint32Array {
  const rows = stsc.rows(4, 12)
  const counts = new Uint32Array(chunkCount)
  let counted = 0
  for (let row = 0; row < rows; row += 1) {
    const at = 8 + 12 * row
    const first = stsc.u32(at) - 1
    const next = row + 1 < rows ? stsc.u32(at + 12) - 1 : chunkCount
    const beginsRight = row > 0 || first === 0
    if (!beginsRight || next < first || next > chunkCount) throw new MalformedMedia(`stsc row ${row + 1} is out of order`, stsc.offset + at)
    if (stsc.u32(at + 4) === 0) throw new MalformedMedia('a chunk holds no sample', stsc.offset + at)
    if (stsc.u32(at + 8) !== 1) throw new NotUnderstood('a chunk uses another sample entry than the first')
    counts.fill(stsc.u32(at + 4), first, next)
    counted += stsc.u32(at + 4) * (next - first)
  }
  if (counted !== sampleCount) throw new MalformedMedia(`the chunks hold ${counted} samples, the track ${sampleCount}`, stsc.offset)
  return counts
}
