import { box, boxHeader, concat, fourCC, fullBox, u32, u64 } from '../../box.js'
import { decodeWhenShown } from '../edit/decode-when-shown.js'
import type { Movie, MovieTrack } from '../movie.js'
import { type SlicedFile, toSlicedFile } from '../slices.js'
import { placementOf, toTicks } from '../tables/presentation.js'
import { readRows } from '../tables/runs.js'
import { dinf, hdlr, mdhd, mediaHeader, mvhd, stsd, tkhd } from './movie-boxes.js'

/**
 * Fragmented MP4 for HLS (ISO/IEC 14496-12, 8.8). Composition offsets stay non-negative, for libavformat takes negative ones too late, and
 * there is no edit list to take back what they add: each segment is decoded from the instant that it is shown from.
 */
const DEFAULT_BASE_IS_MOOF = 0x020000
/** default-sample-duration, -size and -flags are present. */
const TFHD_ALL_DEFAULTS = 0x38
const TRUN_DATA_OFFSET = 0x1
const TRUN_DURATION = 0x100
const TRUN_SIZE = 0x200
const TRUN_FLAGS = 0x400
const TRUN_COMPOSITION = 0x800

/** sample_depends_on 2: a sync sample. Else 1, and sample_is_non_sync_sample. */
const SYNC_FLAGS = 0x02000000
const NON_SYNC_FLAGS = 0x01010000

/** The initialization segment: tracks without samples. Any fragment of the session may be its model. */
export function buildInitSegment(tracks: readonly MovieTrack[]): Uint8Array {
  const fileType = box('ftyp', fourCC('iso5'), u32(0x200), ...['iso5', 'iso6', 'mp41'].map(fourCC))
  const traks = tracks.map((track, index) => emptyTrak(track, index + 1))
  const trex = tracks.map((_, index) => fullBox('trex', 0, 0, u32(index + 1, 1, 0, 0, 0)))
  const header = mvhd({ startMs: null, durationMs: 0, nextTrackId: tracks.length + 1 })
  return concat([fileType, box('moov', header, ...traks, box('mvex', ...trex))])
}

function emptyTrak(track: MovieTrack, trackId: number): Uint8Array {
  const empty: MovieTrack = { ...track, edits: [], samples: { ...track.samples, count: 0, durations: 0 } }
  const tables = [
    fullBox('stts', 0, 0, u32(0)),
    fullBox('stsc', 0, 0, u32(0)),
    fullBox('stsz', 0, 0, u32(0, 0)),
    fullBox('stco', 0, 0, u32(0)),
  ]
  const minf = box('minf', mediaHeader(track.kind), dinf(), box('stbl', stsd(track.sampleEntry), ...tables))
  return box('trak', tkhd(empty, { startMs: null, trackId }), box('mdia', mdhd(empty, null), hdlr(track.kind), minf))
}

export interface MediaSegmentOptions {
  /** From 1, rising. */
  readonly sequenceNumber: number
  /** Presentation time of the movie's start on the session's clock: zero or later, for decode times cannot be negative. */
  readonly startMs: number
}

/** A media segment: `styp`, `moof`, `mdat`; the media as the movie's spans hold it. */
export function buildMediaSegment(movie: Movie, { sequenceNumber, startMs }: MediaSegmentOptions): SlicedFile {
  const mediaBytes = movie.spans.reduce((total, span) => total + span.length, 0)
  const mdat = boxHeader('mdat', mediaBytes)
  const mfhd = fullBox('mfhd', 0, 0, u32(sequenceNumber))
  const tracks = movie.tracks.map(decodeWhenShown)
  const moof = (mediaStart: number) =>
    box('moof', mfhd, ...tracks.map((track, index) => traf(track, { movie, trackId: index + 1, startMs, mediaStart })))
  // Offsets count from the first byte of moof; how long it is does not depend on what they are.
  const length = moof(0).byteLength
  const segmentType = box('styp', fourCC('iso5'), u32(0), ...['iso5', 'iso6', 'mp41'].map(fourCC))
  const head = concat([segmentType, moof(length + mdat.byteLength), mdat])
  return toSlicedFile([{ kind: 'bytes', bytes: head }, ...movie.spans.map((span) => ({ kind: 'source', ...span }) as const)])
}

interface TrafOptions {
  readonly movie: Movie
  readonly trackId: number
  readonly startMs: number
  readonly mediaStart: number
}

function traf(track: MovieTrack, { movie, trackId, startMs, mediaStart }: TrafOptions): Uint8Array {
  const decodeTime = toTicks(startMs, track.timescale) + placementOf(track).originTicks
  if (decodeTime < 0) throw new RangeError(`decode times cannot be negative (startMs ${startMs}, ${decodeTime} ticks)`)
  const tfhd = isUniform(track) ? uniformTfhd(track, trackId) : fullBox('tfhd', 0, DEFAULT_BASE_IS_MOOF, u32(trackId))
  const tfdt = fullBox('tfdt', 1, 0, u64(decodeTime))
  return box('traf', tfhd, tfdt, ...truns(track, { spanStarts: spanStarts(movie, mediaStart) }))
}

/** Every sample like every other: G.711, whose samples are single bytes, must not cost a row for each. */
function isUniform({ samples }: MovieTrack): boolean {
  const { durations, sizes, syncs, compositionOffsets } = samples
  return typeof durations === 'number' && typeof sizes === 'number' && syncs === null && compositionOffsets === null
}

function uniformTfhd({ samples: { durations, sizes } }: MovieTrack, trackId: number): Uint8Array {
  const duration = typeof durations === 'number' ? durations : 0
  const size = typeof sizes === 'number' ? sizes : 0
  return fullBox('tfhd', 0, DEFAULT_BASE_IS_MOOF | TFHD_ALL_DEFAULTS, u32(trackId, duration, size, SYNC_FLAGS))
}

/** One `trun` for each chunk: the block headers of a Cluster lie between them. */
function truns(track: MovieTrack, { spanStarts: starts }: { spanStarts: readonly number[] }): Uint8Array[] {
  const { chunks } = track
  const boxes: Uint8Array[] = []
  const durations = readRows(track.samples.durations)
  let first = 0
  for (let chunk = 0; chunk < chunks.count; chunk += 1) {
    const count = chunks.sampleCounts[chunk] ?? 0
    const dataOffset = (starts[chunks.spans[chunk] ?? 0] ?? 0) + (chunks.offsets[chunk] ?? 0)
    boxes.push(
      isUniform(track)
        ? fullBox('trun', 0, TRUN_DATA_OFFSET, u32(count, dataOffset))
        : trun(track, { first, count, dataOffset, durations }),
    )
    first += count
  }
  return boxes
}

function trun(
  { samples }: MovieTrack,
  { first, count, dataOffset, durations }: { first: number; count: number; dataOffset: number; durations: () => number },
): Uint8Array {
  const hasComposition = samples.compositionOffsets !== null
  const flags = TRUN_DATA_OFFSET | TRUN_DURATION | TRUN_SIZE | TRUN_FLAGS | (hasComposition ? TRUN_COMPOSITION : 0)
  const rowBytes = hasComposition ? 16 : 12
  const rows = new Uint8Array(rowBytes * count)
  const view = new DataView(rows.buffer)
  for (let row = 0; row < count; row += 1) {
    const at = rowBytes * row
    const index = first + row
    view.setUint32(at, durations())
    view.setUint32(at + 4, typeof samples.sizes === 'number' ? samples.sizes : (samples.sizes[index] ?? 0))
    view.setUint32(at + 8, samples.syncs === null || samples.syncs[index] !== 0 ? SYNC_FLAGS : NON_SYNC_FLAGS)
    if (hasComposition) view.setUint32(at + 12, samples.compositionOffsets?.[index] ?? 0)
  }
  return fullBox('trun', 0, flags, u32(count, dataOffset), rows)
}

function spanStarts(movie: Movie, mediaStart: number): number[] {
  let at = mediaStart
  return movie.spans.map((span) => {
    const start = at
    at += span.length
    return start
  })
}
