import type { Archive } from '../archive/archive.js'
import { timestampOf } from '../archive/fragment-walk.js'
import type { StreamRecord } from '../archive/stream-record.js'
import { type SessionMedia, sessionMedia } from '../clip/session-media.js'
import type { HlsSession } from './hls-session.js'
import { type LeadSpan, measureLeads } from './lead-span.js'
import { isSameInit, type PlaylistEntry } from './playlist-entry.js'
import { leadTrackOf, loneFrameMs, pieceTimestampMs, type SegmentPiece } from './segment-pieces.js'

interface DescribeOptions {
  readonly session: HlsSession
  readonly stream: StreamRecord
  readonly archive: Archive
  /** The entry before it. */
  readonly before: PlaylistEntry | null
}

/** Null when retention has taken it meanwhile. */
export function describeSegment(pieces: readonly SegmentPiece[], options: DescribeOptions): Omit<PlaylistEntry, 'isDiscontinuous'> | null {
  const { session, archive, before } = options
  const [first, last] = [pieces[0], pieces.at(-1)]
  const mediaSession = first === undefined ? null : archive.session(first.fragment.sessionId)
  if (first === undefined || last === undefined || mediaSession === null) return null
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
  const first = pieces[0]
  if (first === undefined) return { startMs: 0, durationMs: 0, frames: 0 }
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
    // A track that the entry before does not have is a change too.
    const version = before.initVersions[track] ?? 0
    return isSameInit(before.media, media, track) ? version : version + 1
  })
}
