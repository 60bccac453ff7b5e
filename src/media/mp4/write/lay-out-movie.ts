import { at } from '../../../lib/at.js'
import { box, boxHeader, fourCC } from '../../box.js'
import { byteLength, concat, u32 } from '../../bytes.js'
import type { Steps } from '../../steps.js'
import type { Movie, MovieTrack } from '../movie.js'
import { type Slice, type SlicedFile, toSlicedFile } from '../slices.js'
import { spanStarts } from '../tables/pieces.js'
import { durationMsOf } from '../tables/presentation.js'
import { dinf, edts, hdlr, mdhd, mediaHeader, mvhd, stsd, tkhd } from './movie-boxes.js'
import { ChunkOffsets, createSampleTables, Table, type TableRows, toBytes } from './sample-tables.js'
import { udta } from './tags.js'

/**
 * Increases whenever the same movie is laid out to other bytes. ETags hash it, so that a download that began before an upgrade never
 * continues with bytes from after it. A golden test fixes the bytes of this version.
 */
export const MP4_FORMAT_VERSION = 2
/** Shorter pieces are copied together: a slice for each box of 20 bytes would cost more than it saves. */
const OWN_SLICE_BYTES = 16_384

/**
 * Lays a movie out as a progressive MP4 (ISO/IEC 14496-12): `ftyp`, `moov`, `mdat`. Equal movies give equal bytes. The media keeps the
 * order of the spans. All lengths are known before any media is read.
 *
 * Long tables are not in memory: each of their slices is made from the columns of the movie whenever it is read. This halves the memory of
 * a clip of a day.
 */
export function* layOutMovie(movie: Movie): Steps<SlicedFile> {
  const mdatBytes = movie.spans.reduce((total, span) => total + span.length, 0)
  const [fileType, mdat] = [ftyp(movie), boxHeader('mdat', mdatBytes)]
  const tables: Table[][] = []
  for (const track of movie.tracks) tables.push(yield* createSampleTables(track))

  const toHead = (offsets: readonly ChunkOffsets[]) => {
    const ofTracks = offsets.map(({ table }, index) => [...at(tables, index), table])
    return [fileType, ...moov(movie, ofTracks), mdat]
  }
  let offsets = movie.tracks.map(({ pieces }) => new ChunkOffsets(pieces, false))
  let head = toHead(offsets)
  if (byteLength(head) + mdatBytes > 0xffffffff) {
    offsets = movie.tracks.map(({ pieces }) => new ChunkOffsets(pieces, true))
    head = toHead(offsets)
  }
  const starts = spanStarts(movie.spans, byteLength(head))
  for (const table of offsets) table.placeSpans(starts)
  const media = movie.spans.map(({ source, offset, length }): Slice => ({ kind: 'source', source, offset, length }))
  return toSlicedFile([...toSlices(head.flatMap((piece) => (piece instanceof Table ? piece.pieces : [piece]))), ...media])
}

type HeadPiece = Uint8Array | Table

/** `isom` for ISO/IEC 14496-12, `iso2` for our edit lists, `avc1` where ISO/IEC 14496-15 requires it. */
function ftyp({ tracks }: Movie): Uint8Array {
  const isH264 = tracks.some((track) => String.fromCharCode(...track.sampleEntry.subarray(4, 8)) === 'avc1')
  const brands = ['isom', 'iso2', ...(isH264 ? ['avc1'] : []), 'mp41']
  return box('ftyp', fourCC('isom'), u32(0x200), ...brands.map(fourCC))
}

function moov({ startMs, tracks, tags }: Movie, tables: readonly Table[][]): HeadPiece[] {
  return container('moov', [
    mvhd({ startMs, durationMs: Math.max(0, ...tracks.map(durationMsOf)), nextTrackId: tracks.length + 1 }),
    ...tracks.flatMap((track, index) => trak(track, at(tables, index), { startMs, trackId: index + 1 })),
    ...(tags.length > 0 ? [udta(tags)] : []),
  ])
}

function trak(track: MovieTrack, tables: readonly Table[], { startMs, trackId }: { startMs: number | null; trackId: number }): HeadPiece[] {
  const stbl = container('stbl', [stsd(track.sampleEntry), ...tables])
  const minf = container('minf', [mediaHeader(track.kind), dinf(), ...stbl])
  const mdia = container('mdia', [mdhd(track, startMs), hdlr(track.kind), ...minf])
  return container('trak', [tkhd(track, { startMs, trackId }), ...(track.edits.length > 0 ? [edts(track.edits)] : []), ...mdia])
}

/** A box around separate pieces: long tables are never copied into their parents. */
function container(type: string, pieces: readonly HeadPiece[]): HeadPiece[] {
  return [boxHeader(type, byteLength(pieces)), ...pieces]
}

function toSlices(pieces: readonly (Uint8Array | TableRows)[]): Slice[] {
  const slices: Slice[] = []
  let short: Uint8Array[] = []
  const flush = () => {
    if (short.length > 0) slices.push({ kind: 'bytes', bytes: concat(short) })
    short = []
  }
  for (const piece of pieces) {
    if (piece.byteLength < OWN_SLICE_BYTES) {
      short.push(piece instanceof Uint8Array ? piece : toBytes(piece))
    } else {
      flush()
      slices.push(piece instanceof Uint8Array ? { kind: 'bytes', bytes: piece } : toSlice(piece))
    }
  }
  flush()
  return slices
}

function toSlice(rows: TableRows): Slice {
  return {
    kind: 'bytes',
    length: rows.byteLength,
    get bytes() {
      return toBytes(rows)
    },
  }
}
