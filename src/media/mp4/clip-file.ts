import { finishNow, type Steps } from '../steps.js'
import { box, boxHeader, byteLength, concat, fourCC, u32 } from './box.js'
import type { Movie, MovieTrack } from './movie.js'
import { dinf, edts, hdlr, mdhd, mediaHeader, mvhd, shownMs, stsd, tkhd } from './movie-boxes.js'
import { buildSampleTables, ChunkOffsetTable } from './sample-tables.js'
import { type Slice, type SlicedFile, toSlicedFile } from './slices.js'
import { udta } from './tags.js'

/**
 * Goes up by one whenever the same movie would be laid out to other bytes: ETags hash it, so that a file from before an upgrade is never
 * continued with bytes from after it. A golden test holds the bytes and this number together.
 */
export const MP4_FORMAT_VERSION = 1

/** Pieces shorter than this are copied together: a slice each for boxes of 20 bytes would cost more than it saves. */
const OWN_SLICE_BYTES = 16_384

/**
 * A movie as a progressive MP4 (ISO/IEC 14496-12): `ftyp`, `moov`, `mdat`. Every length is known before a byte of media is read; the same
 * movie gives the same bytes. The order of the media is that of the movie's spans.
 */
export function layOutMovie(movie: Movie): SlicedFile {
  return finishNow(layOutMovieInSteps(movie))
}

/** The same in small steps, for movies of many hours. */
export function* layOutMovieInSteps(movie: Movie): Steps<SlicedFile> {
  const mdatBytes = movie.spans.reduce((total, span) => total + span.length, 0)
  const fileType = ftyp(movie)
  const mdat = boxHeader('mdat', mdatBytes)
  const parts: TrackParts[] = []
  for (const track of movie.tracks) parts.push({ track, tables: yield* buildSampleTables(track.samples, track.chunks) })

  let offsets = offsetTables(movie, false)
  let head = [fileType, ...moov(movie, parts, offsets), mdat]
  if (byteLength(head) + mdatBytes > 0xffffffff) {
    offsets = offsetTables(movie, true)
    head = [fileType, ...moov(movie, parts, offsets), mdat]
  }
  const spanStarts = startsOfSpans(movie, byteLength(head))
  for (const table of offsets) yield* table.fill(spanStarts)
  return toSlicedFile([...joinShortPieces(head), ...movie.spans.map((span): Slice => ({ kind: 'source', ...span }))])
}

interface TrackParts {
  readonly track: MovieTrack
  /** All of `stbl` but `stsd` and the chunk offsets. */
  readonly tables: readonly Uint8Array[]
}

function offsetTables(movie: Movie, isWide: boolean): ChunkOffsetTable[] {
  return movie.tracks.map((track) => new ChunkOffsetTable(track.chunks, isWide))
}

/** `isom` for all that follows 14496-12, `iso2` for edit lists as we use them, `avc1` where 14496-15 asks for it. */
function ftyp(movie: Movie): Uint8Array {
  const isH264 = movie.tracks.some((track) => String.fromCharCode(...track.sampleEntry.subarray(4, 8)) === 'avc1')
  const brands = ['isom', 'iso2', ...(isH264 ? ['avc1'] : []), 'mp41']
  return box('ftyp', fourCC('isom'), u32(0x200), ...brands.map(fourCC))
}

function moov(movie: Movie, parts: readonly TrackParts[], offsets: readonly ChunkOffsetTable[]): Uint8Array[] {
  const durationMs = Math.max(0, ...movie.tracks.map(shownMs))
  return container('moov', [
    mvhd({ startMs: movie.startMs, durationMs, nextTrackId: movie.tracks.length + 1 }),
    ...parts.flatMap((part, index) => trak(part, { startMs: movie.startMs, trackId: index + 1, offsets: offsets[index] })),
    ...(movie.tags.length > 0 ? [udta(movie.tags)] : []),
  ])
}

function trak(
  { track, tables }: TrackParts,
  { startMs, trackId, offsets }: { startMs: number | null; trackId: number; offsets: ChunkOffsetTable | undefined },
): Uint8Array[] {
  const stbl = container('stbl', [stsd(track.sampleEntry), ...tables, ...(offsets === undefined ? [] : [offsets.bytes])])
  const minf = container('minf', [mediaHeader(track.kind), dinf(), ...stbl])
  const mdia = container('mdia', [mdhd(track, startMs), hdlr(track.kind), ...minf])
  return container('trak', [tkhd(track, { startMs, trackId }), ...(track.edits.length > 0 ? [edts(track.edits)] : []), ...mdia])
}

/** A box around pieces that stay apart: long tables are never copied into their parents. */
function container(type: string, pieces: readonly Uint8Array[]): Uint8Array[] {
  return [boxHeader(type, byteLength(pieces)), ...pieces]
}

function startsOfSpans(movie: Movie, mediaStart: number): Float64Array {
  const starts = new Float64Array(movie.spans.length)
  let at = mediaStart
  movie.spans.forEach((span, index) => {
    starts[index] = at
    at += span.length
  })
  return starts
}

function joinShortPieces(pieces: readonly Uint8Array[]): Slice[] {
  const slices: Slice[] = []
  let short: Uint8Array[] = []
  const flush = () => {
    if (short.length > 0) slices.push({ kind: 'bytes', bytes: concat(short) })
    short = []
  }
  for (const piece of pieces) {
    if (piece.byteLength < OWN_SLICE_BYTES) {
      short.push(piece)
    } else {
      flush()
      slices.push({ kind: 'bytes', bytes: piece })
    }
  }
  flush()
  return slices
}
