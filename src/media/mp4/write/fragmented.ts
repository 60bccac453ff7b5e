// Fragmented MP4 for HLS (ISO/IEC 14496-12, 8.8). Composition offsets are never negative, because libavformat reads negative ones late. No
// edit list compensates for them: decoding of a segment starts at its first presentation time.
import { box, boxHeader, fourCC, fullBox } from '../../box.js'
import { concat, u32, u64 } from '../../bytes.js'
import { decodeWhenShown } from '../edit/decode-when-shown.js'
import type { Movie, MovieTrack, TrackFormat, TrackPiece } from '../movie.js'
import { type SlicedFile, toSlicedFile } from '../slices.js'
import { rowAt } from '../tables/columns.js'
import { spanStarts } from '../tables/pieces.js'
import { placementOf, toTicks } from '../tables/presentation.js'
import { readRuns, runOf } from '../tables/runs.js'
import { dinf, hdlr, mdhd, mediaHeader, mvhd, stsd, tkhd } from './movie-boxes.js'

const BRANDS = ['iso5', 'iso6', 'mp41'].map(fourCC)
/** Flags of `tfhd` (8.8.7). */
const DEFAULT_BASE_IS_MOOF = 0x020000
/** default-sample-duration, -size and -flags are present. */
const TFHD_ALL_DEFAULTS = 0x38
/** Flags of `trun` (8.8.8). */
const TRUN_DATA_OFFSET = 0x1
const TRUN_DURATION = 0x100
const TRUN_SIZE = 0x200
const TRUN_FLAGS = 0x400
const TRUN_COMPOSITION = 0x800
/** sample_depends_on 2 for a sync sample; otherwise 1, and sample_is_non_sync_sample (8.8.3.1). */
const SYNC_FLAGS = 0x02000000
const NON_SYNC_FLAGS = 0x01010000

/** The initialization segment: tracks without samples. Track numbers count from 1. */
export function buildInitSegment(tracks: readonly TrackFormat[]): Uint8Array {
  const traks = tracks.map((track, index) => emptyTrak(track, index + 1))
  const trex = tracks.map((_, index) => fullBox('trex', 0, 0, u32(index + 1, 1, 0, 0, 0)))
  const header = mvhd({ startMs: null, durationMs: 0, nextTrackId: tracks.length + 1 })
  return concat([box('ftyp', fourCC('iso5'), u32(0x200), ...BRANDS), box('moov', header, ...traks, box('mvex', ...trex))])
}

function emptyTrak(format: TrackFormat, trackId: number): Uint8Array {
  const track = { ...format, samples: { count: 0, durations: runOf(0, 0), compositionOffsets: null }, edits: [] }
  const tables = [
    fullBox('stts', 0, 0, u32(0)),
    fullBox('stsc', 0, 0, u32(0)),
    fullBox('stsz', 0, 0, u32(0, 0)),
    fullBox('stco', 0, 0, u32(0)),
  ]
  const minf = box('minf', mediaHeader(track.kind), dinf(), box('stbl', stsd(track.sampleEntry), ...tables))
  return box('trak', tkhd(track, { startMs: null, trackId }), box('mdia', mdhd(track, null), hdlr(track.kind), minf))
}

export interface MediaSegmentOptions {
  /** Increases from segment to segment; at least 1. */
  readonly sequenceNumber: number
  /** Presentation time of the start of the movie, in milliseconds. Decoding times cannot be negative. */
  readonly startMs: number
}

/** A media segment: `styp`, `moof`, and `mdat` with the spans of the movie. @throws RangeError if a decoding time would be negative */
export function buildMediaSegment(movie: Movie, { sequenceNumber, startMs }: MediaSegmentOptions): SlicedFile {
  const mdat = boxHeader(
    'mdat',
    movie.spans.reduce((total, span) => total + span.length, 0),
  )
  const mfhd = fullBox('mfhd', 0, 0, u32(sequenceNumber))
  const tracks = movie.tracks.map(decodeWhenShown)
  const moof = (mediaStart: number) => {
    const starts = spanStarts(movie.spans, mediaStart)
    return box('moof', mfhd, ...tracks.map((track, index) => traf(track, { trackId: index + 1, startMs, starts })))
  }
  // Offsets count from the first byte of moof, whose length does not depend on them.
  const length = moof(0).byteLength
  const head = concat([box('styp', fourCC('iso5'), u32(0), ...BRANDS), moof(length + mdat.byteLength), mdat])
  const media = movie.spans.map(({ source, offset, length }) => ({ kind: 'source', source, offset, length }) as const)
  return toSlicedFile([{ kind: 'bytes', bytes: head }, ...media])
}

interface TrafOptions {
  readonly trackId: number
  readonly startMs: number
  /** Where in the segment the chunk offsets of each span count from. */
  readonly starts: Float64Array
}

function traf(track: MovieTrack, { trackId, startMs, starts }: TrafOptions): Uint8Array {
  const decodeTime = toTicks(startMs, track.timescale) + placementOf(track).originTicks
  if (decodeTime < 0) throw new RangeError(`decoding times cannot be negative (startMs ${startMs}, ${decodeTime} ticks)`)
  const equal = findEqualSample(track)
  const tfhd = equal ?? []
  const flags = DEFAULT_BASE_IS_MOOF | (equal === null ? 0 : TFHD_ALL_DEFAULTS)
  return box(
    'traf',
    fullBox('tfhd', 0, flags, u32(trackId, ...tfhd)),
    fullBox('tfdt', 1, 0, u64(decodeTime)),
    ...truns(track, { starts, hasRows: equal === null }),
  )
}

/** Duration, size and flags that all samples share; null if they differ. G.711, with one byte per sample, must not cost a row for each. */
function findEqualSample({ samples, pieces }: MovieTrack): readonly number[] | null {
  const { durations, compositionOffsets } = samples
  const [first] = pieces
  if (durations.counts.length > 1 || compositionOffsets !== null || typeof first?.sizes !== 'number' || first.keys !== null) return null
  return [durations.counts.length === 0 ? 0 : rowAt(durations.values, 0), first.sizes, SYNC_FLAGS]
}

/** One `trun` for each chunk: the block headers of the Cluster lie between them. */
function truns(track: MovieTrack, { starts, hasRows }: { readonly starts: Float64Array; readonly hasRows: boolean }): Uint8Array[] {
  const hasOffsets = track.samples.compositionOffsets !== null
  const ofRows = TRUN_DURATION | TRUN_SIZE | TRUN_FLAGS | (hasOffsets ? TRUN_COMPOSITION : 0)
  const encodeRows = createRowEncoder(track)
  return track.pieces.flatMap((piece) => {
    let first = 0
    return Array.from({ length: piece.chunks.count }, (_, chunk) => {
      const { spans, offsets, sampleCounts } = piece.chunks
      const count = rowAt(sampleCounts, chunk)
      const dataOffset = rowAt(starts, rowAt(spans, chunk)) + rowAt(offsets, chunk)
      first += count
      const rows = hasRows ? encodeRows(piece, first - count, first) : []
      return fullBox('trun', 0, TRUN_DATA_OFFSET | (hasRows ? ofRows : 0), u32(count, dataOffset, ...rows))
    })
  })
}

/** Duration, size, flags and, if there are any, composition offset of the samples [from, to) of a piece. Call it in decoding order. */
function createRowEncoder({ samples }: MovieTrack): (piece: TrackPiece, from: number, to: number) => number[] {
  const nextDuration = readRuns(samples.durations)
  const nextOffset = samples.compositionOffsets === null ? null : readRuns(samples.compositionOffsets)
  return ({ sizes, keys }, from, to) => {
    const rows: number[] = []
    for (let index = from; index < to; index += 1) {
      rows.push(nextDuration(), rowAt(sizes, index), keys === null || keys.includes(index) ? SYNC_FLAGS : NON_SYNC_FLAGS)
      if (nextOffset !== null) rows.push(nextOffset())
    }
    return rows
  }
}
