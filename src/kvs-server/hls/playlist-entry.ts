import type { EpochMs } from '../../lib/clock.js'
import { toTrackFormat } from '../../media/timeline/fragment-movie.js'
import type { SessionMedia } from '../clip/session-media.js'

/** A segment in a media playlist: usually one fragment; several where Clusters do not begin with key frames. */
export interface PlaylistEntry {
  readonly fragmentNumber: string
  /** Of the last fragment that has frames in it. */
  readonly lastFragmentNumber: string
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

/** Whether the same initialization fragment serves both: the same codec, size, shape, turn and colours. */
export function isSameInit(a: SessionMedia, b: SessionMedia, track: number): boolean {
  const [one, other] = [a.codecs[track], b.codecs[track]]
  if (one?.state !== 'ready' || other?.state !== 'ready') return one?.state === other?.state
  return JSON.stringify(toTrackFormat(one.config)) === JSON.stringify(toTrackFormat(other.config))
}
