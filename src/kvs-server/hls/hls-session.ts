import type { EpochMs } from '../../lib/clock.js'
import type { CodecConfig } from '../../media/codec/codec-config.js'
import type { FragmentRange } from '../archive/archived-fragment.js'
import { readCodecs, refuseUnsupported, type SessionMedia } from '../clip/session-media.js'
import { AwsException } from '../wire/aws-exception.js'

export const PLAYBACK_MODES = ['LIVE', 'LIVE_REPLAY', 'ON_DEMAND'] as const
export type PlaybackMode = (typeof PLAYBACK_MODES)[number]

export const DISCONTINUITY_MODES = ['ALWAYS', 'NEVER', 'ON_DISCONTINUITY'] as const
export type DiscontinuityMode = (typeof DISCONTINUITY_MODES)[number]

/** The state of a session, sealed into its token. The requests of a player need nothing else. */
export interface HlsSession {
  readonly id: string
  readonly streamId: number
  readonly mode: PlaybackMode
  /** The clock of the range, and of the times in the media. */
  readonly clock: FragmentRange['clock']
  /** Start of the range. For LIVE, the server time of the first fragment. */
  readonly startMs: EpochMs
  /** Null if the session has no end. */
  readonly endMs: EpochMs | null
  /** For LIVE, the sequence of the first fragment; else 0. */
  readonly firstSequence: number
  readonly discontinuityMode: DiscontinuityMode
  readonly showsTimestamps: boolean
  readonly maxFragments: number
  readonly createdAtMs: EpochMs
  readonly expiresAtMs: EpochMs
  /** Start of the first fragment on the clock of the session. Media times count from shortly before it. */
  readonly originMs: EpochMs
  /** The codecs of the tracks in order: `h264`, `h264+aac`, `aac`. The codecs may not change; CodecPrivate may. */
  readonly codecs: string
}

/** There is nothing to play, or no longer. */
export function refuseEmpty(): never {
  throw new AwsException('ResourceNotFoundException', 'No fragments found in the stream for the streaming request.')
}

/** H.264 or H.265 alone or with AAC, or AAC alone. */
const PLAYABLE: ReadonlySet<string> = new Set(['h264', 'h264+aac', 'h265', 'h265+aac', 'aac'])

/** The codecs of the tracks, in order. Refuses the codecs that the service does not allow for HLS. */
export function checkHlsCodecs(media: SessionMedia): CodecConfig[] {
  if (media.tracks.length > 2) refuseUnsupported(media)
  const configs = readCodecs(media)
  if (!PLAYABLE.has(codecNames(configs))) refuseUnsupported(media)
  return configs
}

export function codecNames(configs: readonly CodecConfig[]): string {
  return configs.map(({ codec }) => codec).join('+')
}
