// A segment starts with a key frame, independent of the Clusters of the producer. It spans from the first key frame of a fragment to the first
// key frame of the next fragment that has one.
import { at } from '../../lib/at.js'
import type { EpochMs } from '../../lib/clock.js'
import { EMPTY_SAMPLE_TABLE, KEY, OPEN_GOP_KEY, type SampleTable } from '../../media/matroska/sample-table.js'
import type { Archive } from '../archive/archive.js'
import { type ArchivedFragment, timestampOf } from '../archive/archived-fragment.js'
import type { StreamRecord } from '../archive/stream-record.js'
import { sessionMedia } from '../clip/session-media.js'
import { MAX_FRAGMENT_MS } from '../upload/fragment-rules.js'
import type { HlsSession } from './hls-session.js'
import { measureLead } from './lead-span.js'

/** The frames of one fragment that are in a segment. */
export interface SegmentPiece {
  readonly fragment: ArchivedFragment
  readonly samples: SampleTable
}

/** A segment without a key frame for this long ends anyway. */
export const MAX_SEGMENT_MS = 60_000
export const MAX_SEGMENT_FRAGMENTS = 1500
/** If only open GOPs come for this long, a segment ends before the next fragment that starts with one. */
export const LONG_SEGMENT_MS = 10_000

export interface SplitFragment {
  /** The rows of the previous segment. Empty if the fragment starts with a key frame. */
  readonly head: SampleTable
  readonly tail: SampleTable
}

/** Splits at the first key frame of the leading track. Null if it has none. The I-frame of an open GOP does not count: Chromium cannot start there. */
export function splitAtKey(samples: SampleTable, leadTrack: number): SplitFragment | null {
  const keyRow = samples.tracks.findIndex((track, row) => track === leadTrack && samples.keys[row] === KEY)
  if (keyRow < 0) return null
  if (samples.tracks.indexOf(leadTrack) === keyRow) return { head: EMPTY_SAMPLE_TABLE, tail: samples }
  const keyTime = at(samples.times, keyRow)
  const isBefore = (row: number) => (samples.tracks[row] === leadTrack ? row < keyRow : at(samples.times, row) < keyTime)
  return { head: pick(samples, isBefore), tail: pick(samples, (row) => !isBefore(row)) }
}

/** Whether the fragment's first frame is the I-frame of an open GOP. */
export function beginsWithOpenGop({ tracks, keys }: SampleTable, leadTrack: number): boolean {
  return keys[tracks.indexOf(leadTrack)] === OPEN_GOP_KEY
}

function pick(samples: SampleTable, isWanted: (row: number) => boolean): SampleTable {
  const rows = Uint32Array.from({ length: samples.count }, (_, row) => row).filter(isWanted)
  return {
    count: rows.length,
    tracks: Uint8Array.from(rows, (row) => at(samples.tracks, row)),
    offsets: Uint32Array.from(rows, (row) => at(samples.offsets, row)),
    sizes: Uint32Array.from(rows, (row) => at(samples.sizes, row)),
    times: Int32Array.from(rows, (row) => at(samples.times, row)),
    keys: Uint8Array.from(rows, (row) => at(samples.keys, row)),
  }
}

/** The number of the leading track: video, or audio if there is no video. 0, which no track has, if the session has expired. */
export function leadTrackOf(archive: Archive, fragment: ArchivedFragment): number {
  const session = archive.session(fragment.sessionId)
  return session === null ? 0 : at(sessionMedia(session).tracks, 0).number
}

/** Server timestamps tell when fragments arrived. Inside a segment, fragments therefore keep their producer-time distance to the first one. */
export function pieceTimestampMs(fragment: ArchivedFragment, first: ArchivedFragment, clock: HlsSession['clock']): EpochMs {
  return timestampOf(first, clock) + fragment.producerTimestampMs - first.producerTimestampMs
}

/** The pieces of the segment from `first` to `last`. Null when the two do not form a segment or a part of it has expired. */
export function findPieces(
  archive: Archive,
  stream: StreamRecord,
  { first, last }: { readonly first: ArchivedFragment; readonly last: ArchivedFragment },
): SegmentPiece[] | null {
  const lead = leadTrackOf(archive, first)
  const pieces: SegmentPiece[] = []
  for (let fragment: ArchivedFragment | null = first; fragment !== null; fragment = archive.findNext(stream, fragment.sequence)) {
    const samples = archive.details(fragment)?.samples
    if (samples === undefined || fragment.sessionId !== first.sessionId || pieces.length === MAX_SEGMENT_FRAGMENTS) return null
    const split = splitAtKey(samples, lead)
    const isLast = fragment.sequence === last.sequence
    if (pieces.length === 0) pieces.push({ fragment, samples: split?.tail ?? samples })
    else if (isLast) pieces.push({ fragment, samples: split?.head ?? samples })
    else if (split === null) pieces.push({ fragment, samples })
    else return null
    if (isLast) return pieces
  }
  return null
}

/** The duration of a frame if nothing defines it: 25 frames a second. */
const GUESSED_FRAME_MS = 40

/** How long a segment's only frame is shown: until the next fragment of its run, or as long as the frame before it. */
export function loneFrameMs(archive: Archive, stream: StreamRecord, { fragment, samples }: SegmentPiece): number {
  const lead = leadTrackOf(archive, fragment)
  const startMs = fragment.producerTimestampMs + (measureLead(samples, lead)?.startMs ?? 0)
  const restTo = (other: ArchivedFragment | null) => {
    const table = other === null || other.sessionId !== fragment.sessionId ? undefined : archive.details(other)?.samples
    const span = other === null || table === undefined ? null : measureLead(table, lead)
    return other === null || span === null ? null : other.producerTimestampMs + span.startMs - startMs
  }
  const untilNextMs = restTo(archive.findNext(stream, fragment.sequence))
  if (untilNextMs !== null && untilNextMs > 0 && untilNextMs <= MAX_FRAGMENT_MS) return untilNextMs
  const untilLastMs = restTo(archive.findAt(stream, 'producer', fragment.producerTimestampMs - 1))
  const sinceLastMs = untilLastMs === null ? 0 : -untilLastMs
  return sinceLastMs > 0 && sinceLastMs <= MAX_FRAGMENT_MS ? sinceLastMs : GUESSED_FRAME_MS
}
