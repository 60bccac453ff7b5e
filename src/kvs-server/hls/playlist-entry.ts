import { at } from '../../lib/at.js'
import type { EpochMs } from '../../lib/clock.js'
import { toTrackFormat } from '../../media/timeline/fragment-movie.js'
import type { Archive } from '../archive/archive.js'
import { timestampOf } from '../archive/archived-fragment.js'
import type { StreamRecord } from '../archive/stream-record.js'
import { type SessionMedia, sessionMedia } from '../clip/session-media.js'
import type { HlsSession } from './hls-session.js'
import { type LeadSpan, measureLeads } from './lead-span.js'
import { leadTrackOf, loneFrameMs, pieceTimestampMs, type SegmentPiece } from './segment-pieces.js'

/** A segment in a media playlist: usually one fragment; several where Clusters do not begin with key frames. */
export interface PlaylistEntry {
  readonly fragmentNumber: string
  /** Of the last fragment with frames in the segment. */
  readonly lastFragmentNumber: string
  /** On the session's clock. */
  readonly timestampMs: EpochMs
  /** Time of the first shown frame of the leading track. */
  readonly firstFrameMs: EpochMs
  readonly durationMs: number
  readonly frames: number
  readonly sizeBytes: number
  readonly mediaSessionId: number
  readonly media: SessionMedia
  /** For each track, a version that increases when its CodecPrivate changes: players then need another initialization fragment. */
  readonly initVersions: readonly number[]
  readonly isDiscontinuous: boolean
}

/** The content of the media playlists of both tracks. */
export interface PlaylistView {
  readonly entries: readonly PlaylistEntry[]
  /** How many entries of the session have left the playlist. */
  readonly removed: number
  readonly discontinuitiesRemoved: number
  readonly longestMs: number
  readonly isComplete: boolean
}

/** Whether both can use the same initialization fragment: the same codec, size, aspect ratio, rotation and colors. */
export function isSameInit(a: SessionMedia, b: SessionMedia, track: number): boolean {
  const [one, other] = [a.codecs[track], b.codecs[track]]
  if (one?.state !== 'ready' || other?.state !== 'ready') return one?.state === other?.state
  return JSON.stringify(toTrackFormat(one.config)) === JSON.stringify(toTrackFormat(other.config))
}

interface DescribeOptions {
  readonly session: HlsSession
  readonly stream: StreamRecord
  readonly archive: Archive
  readonly before: PlaylistEntry | null
}

/** Null when the fragments have expired. */
export function describeSegment(pieces: readonly SegmentPiece[], options: DescribeOptions): Omit<PlaylistEntry, 'isDiscontinuous'> | null {
  const { session, archive, before } = options
  const [first, last] = [at(pieces, 0), at(pieces, pieces.length - 1)]
  const mediaSession = archive.session(first.fragment.sessionId)
  if (mediaSession === null) return null
  const media = sessionMedia(mediaSession)
  const lead = measure(pieces, options)
  const timestampMs = timestampOf(first.fragment, session.clock)
  return {
    fragmentNumber: first.fragment.fragmentNumber,
    lastFragmentNumber: last.fragment.fragmentNumber,
    timestampMs,
    firstFrameMs: timestampMs + lead.startMs,
    durationMs: lead.durationMs,
    frames: lead.frames,
    sizeBytes: pieces.reduce((sum, { fragment }) => sum + fragment.clusterBytes, 0),
    mediaSessionId: first.fragment.sessionId,
    media,
    initVersions: toInitVersions(media, before),
  }
}

function measure(pieces: readonly SegmentPiece[], { session, stream, archive }: DescribeOptions): LeadSpan {
  const first = at(pieces, 0)
  const originMs = timestampOf(first.fragment, session.clock)
  const tables = pieces.map(({ fragment, samples }) => ({
    samples,
    offsetMs: pieceTimestampMs(fragment, first.fragment, session.clock) - originMs,
  }))
  const lead = measureLeads(tables, leadTrackOf(archive, first.fragment))
  if (lead === null) return { startMs: 0, durationMs: first.fragment.lengthMs, frames: 1 }
  return lead.frames > 1 ? lead : { ...lead, durationMs: loneFrameMs(archive, stream, first) }
}

function toInitVersions(media: SessionMedia, before: PlaylistEntry | null): number[] {
  return media.tracks.map((_, track) => {
    if (before === null) return 0
    // A track that the previous entry does not have is also a change.
    const version = before.initVersions[track] ?? 0
    return isSameInit(before.media, media, track) ? version : version + 1
  })
}
