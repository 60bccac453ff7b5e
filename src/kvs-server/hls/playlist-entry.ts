import type { EpochMs } from '../../lib/clock.js'
import type { SessionMedia } from '../clip/session-media.js'

/** A fragment in a media playlist. */
export interface PlaylistEntry {
  readonly fragmentNumber: string
  /** On the session's clock. */
  readonly timestampMs: EpochMs
  /** The first frame shown, of the track that leads. */
  readonly firstFrameMs: EpochMs
  readonly durationMs: number
  readonly frames: number
  readonly sizeBytes: number
  /** The header that it came with. */
  readonly mediaSessionId: number
  readonly media: SessionMedia
  /** For each track: grows where its CodecPrivate changes, so that players need another initialization fragment. */
  readonly initVersions: readonly number[]
  /** Set apart from the entry before it. */
  readonly isDiscontinuous: boolean
}

/** What both tracks' media playlists are written from. */
export interface PlaylistView {
  readonly entries: readonly PlaylistEntry[]
  /** How many entries of the session have left the playlist. */
  readonly removed: number
  /** How many discontinuities have left it with them. */
  readonly discontinuitiesRemoved: number
  /** The longest entry that the session has had. */
  readonly longestMs: number
  /** Nothing will be added. */
  readonly isComplete: boolean
}

export function isSameInit(a: SessionMedia, b: SessionMedia, track: number): boolean {
  const [one, other] = [a.tracks[track], b.tracks[track]]
  if (one === undefined || other === undefined) return one === other
  if (one.codecId !== other.codecId || one.video?.width !== other.video?.width || one.video?.height !== other.video?.height) return false
  return Buffer.compare(one.codecPrivate ?? new Uint8Array(0), other.codecPrivate ?? new Uint8Array(0)) === 0
}
