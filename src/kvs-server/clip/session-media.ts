import { type CodecOutcome, parseCodecPrivate } from '../../media/codec/codec-private.js'
import { MatroskaDemuxer } from '../../media/matroska/demuxer.js'
import type { MatroskaTrack } from '../../media/matroska/track.js'
import type { MediaSession } from '../archive/archived-fragment.js'

/** What a session's header says of its media. */
export interface SessionMedia {
  /** By track number, as GetClip counts them. */
  readonly tracks: readonly MatroskaTrack[]
  readonly codecs: readonly CodecOutcome[]
}

/** The first bytes of a Cluster of unknown size: a demuxer tells the tracks when it sees that the header is over. */
const CLUSTER_START = Uint8Array.of(0x1f, 0x43, 0xb6, 0x75, 0xff)

const known = new WeakMap<MediaSession, SessionMedia>()

/** Read once for as long as the archive remembers the session. */
export function sessionMedia(session: MediaSession): SessionMedia {
  const media = known.get(session) ?? readMedia(session.header)
  known.set(session, media)
  return media
}

function readMedia(header: Uint8Array): SessionMedia {
  const events = new MatroskaDemuxer().push(Buffer.concat([header, CLUSTER_START]))
  const found = events.find((event) => event.kind === 'tracks')
  if (found?.kind !== 'tracks') throw new Error('a stored session header has no tracks')
  const tracks = found.tracks.toSorted((a, b) => a.number - b.number)
  return { tracks, codecs: tracks.map(parseCodecPrivate) }
}
