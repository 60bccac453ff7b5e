import { box, boxHeader, byteLength, concat, fourCC, u32 } from '../../box.js'
import { finishNow, type Steps } from '../../steps.js'
import type { Movie } from '../movie.js'
import { asPackedInSteps } from '../pack-movie.js'
import type { PackedMovie, PackedTrack } from '../packed-movie.js'
import { type Slice, type SlicedFile, toSlicedFile } from '../slices.js'
import { dinf, edts, hdlr, mdhd, mediaHeader, mvhd, shownMs, stsd, tkhd } from './movie-boxes.js'
import { ChunkOffsets, createSampleTables } from './sample-tables.js'
import { Table, type TableRows, writeRows } from './table.js'
import { udta } from './tags.js'

/**
 * Goes up by one whenever the same movie would be laid out to other bytes: ETags hash it, so that a file from before an upgrade is never
 * continued with bytes from after it. A golden test holds the bytes and this number together.
 */
export const MP4_FORMAT_VERSION = 2

/** Pieces shorter than this are copied together: a slice each for boxes of 20 bytes would cost more than it saves. */
const OWN_SLICE_BYTES = 16_384

/**
 * A movie as a progressive MP4 (ISO/IEC 14496-12): `ftyp`, `moov`, `mdat`. Every length is known before a byte of media is read; the same
 * movie gives the same bytes. The order of the media is that of the movie's spans.
 */
export function layOutMovie(movie: Movie | PackedMovie): SlicedFile {
  return finishNow(layOutMovieInSteps(movie))
}

/** The same in small steps, for movies of many hours. */
export function* layOutMovieInSteps(movie: Movie | PackedMovie): Steps<SlicedFile> {
  const { head, media } = yield* layOut(movie)
  const pieces: Uint8Array[] = []
  for (const piece of head) pieces.push(piece instanceof Table ? yield* piece.make() : piece)
  return toSlicedFile([...joinShortPieces(pieces), ...media])
}

/**
 * The same bytes again, but long tables are not there: each of their slices is made from the movie's columns whenever it is read. What a
 * clip of a day holds in memory is then half of its head.
 */
export function* layOutOnDemandInSteps(movie: PackedMovie): Steps<SlicedFile> {
  const { head, media } = yield* layOut(movie)
  const pieces = head.flatMap((piece) => (piece instanceof Table ? piece.pieces : [piece]))
  return toSlicedFile([...joinShortPieces(pieces), ...media])
}

/** What comes before the media, tables still to be made, and the media. */
function* layOut(given: Movie | PackedMovie): Steps<{ head: HeadPiece[]; media: Slice[] }> {
  const movie = yield* asPackedInSteps(given)
  const mdatBytes = movie.spans.reduce((total, span) => total + span.length, 0)
  const [fileType, mdat] = [ftyp(movie), boxHeader('mdat', mdatBytes)]
  const parts: TrackParts[] = []
  for (const track of movie.tracks) parts.push({ track, tables: yield* createSampleTables(track) })

  let offsets = chunkOffsets(movie, false)
  let head = [fileType, ...moov(movie, parts, offsets), mdat]
  if (byteLength(head) + mdatBytes > 0xffffffff) {
    offsets = chunkOffsets(movie, true)
    head = [fileType, ...moov(movie, parts, offsets), mdat]
  }
  const starts = spanStarts(movie, byteLength(head))
  for (const table of offsets) table.placeSpans(starts)
  return { head, media: movie.spans.map(({ source, offset, length }) => ({ kind: 'source', source, offset, length })) }
}

type HeadPiece = Uint8Array | Table

interface TrackParts {
  readonly track: PackedTrack
  /** All of `stbl` but `stsd` and the chunk offsets. */
  readonly tables: readonly Table[]
}

function chunkOffsets(movie: PackedMovie, isWide: boolean): ChunkOffsets[] {
  return movie.tracks.map(({ pieces }) => new ChunkOffsets(pieces, isWide))
}

/** `isom` for all that follows 14496-12, `iso2` for edit lists as we use them, `avc1` where 14496-15 asks for it. */
function ftyp(movie: PackedMovie): Uint8Array {
  const isH264 = movie.tracks.some((track) => String.fromCharCode(...track.sampleEntry.subarray(4, 8)) === 'avc1')
  const brands = ['isom', 'iso2', ...(isH264 ? ['avc1'] : []), 'mp41']
  return box('ftyp', fourCC('isom'), u32(0x200), ...brands.map(fourCC))
}

function moov(movie: PackedMovie, parts: readonly TrackParts[], offsets: readonly ChunkOffsets[]): HeadPiece[] {
  const durationMs = Math.max(0, ...movie.tracks.map(shownMs))
  return container('moov', [
    mvhd({ startMs: movie.startMs, durationMs, nextTrackId: movie.tracks.length + 1 }),
    ...parts.flatMap((part, index) => trak(part, { startMs: movie.startMs, trackId: index + 1, offsets: offsets[index] })),
    ...(movie.tags.length > 0 ? [udta(movie.tags)] : []),
  ])
}

function trak(
  { track, tables }: TrackParts,
  { startMs, trackId, offsets }: { startMs: number | null; trackId: number; offsets: ChunkOffsets | undefined },
): HeadPiece[] {
  const stbl = container('stbl', [stsd(track.sampleEntry), ...tables, ...(offsets === undefined ? [] : [offsets.table])])
  const minf = container('minf', [mediaHeader(track.kind), dinf(), ...stbl])
  const mdia = container('mdia', [mdhd(track, startMs), hdlr(track.kind), ...minf])
  return container('trak', [tkhd(track, { startMs, trackId }), ...(track.edits.length > 0 ? [edts(track.edits)] : []), ...mdia])
}

/** A box around pieces that stay apart: long tables are never copied into their parents. */
function container(type: string, pieces: readonly HeadPiece[]): HeadPiece[] {
  return [boxHeader(type, byteLength(pieces)), ...pieces]
}

/** Where the chunks of each span count from. */
function spanStarts(movie: PackedMovie, mediaStart: number): Float64Array {
  const starts = new Float64Array(movie.spans.length)
  let at = mediaStart
  movie.spans.forEach((span, index) => {
    starts[index] = at - span.skipped
    at += span.length
  })
  return starts
}

function joinShortPieces(pieces: readonly (Uint8Array | TableRows)[]): Slice[] {
  const slices: Slice[] = []
  let short: Uint8Array[] = []
  const flush = () => {
    if (short.length > 0) slices.push({ kind: 'bytes', bytes: concat(short) })
    short = []
  }
  for (const piece of pieces) {
    if (piece.byteLength < OWN_SLICE_BYTES) {
      short.push(toBytes(piece))
    } else {
      flush()
      slices.push(piece instanceof Uint8Array ? { kind: 'bytes', bytes: piece } : new SliceOnDemand(piece))
    }
  }
  flush()
  return slices
}

class SliceOnDemand {
  readonly kind = 'bytes'
  readonly length: number

  constructor(private readonly rows: TableRows) {
    this.length = rows.byteLength
  }

  get bytes(): Uint8Array {
    return toBytes(this.rows)
  }
}

function toBytes(piece: Uint8Array | TableRows): Uint8Array {
  if (piece instanceof Uint8Array) return piece
  const bytes = new Uint8Array(piece.byteLength)
  writeRows(piece, bytes)
  return bytes
}
