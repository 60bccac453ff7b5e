import type { EpochMs } from '../../lib/clock.js'

export const PLAYBACK_MODES = ['LIVE', 'LIVE_REPLAY', 'ON_DEMAND'] as const
export type PlaybackMode = (typeof PLAYBACK_MODES)[number]

export const DISCONTINUITY_MODES = ['ALWAYS', 'NEVER', 'ON_DISCONTINUITY'] as const
export type DiscontinuityMode = (typeof DISCONTINUITY_MODES)[number]

export const FRAGMENT_CLOCKS = ['producer', 'server'] as const

/** All that the requests behind a session's URL need to know; sealed into its token. */
export interface HlsSession {
  readonly id: string
  readonly streamId: number
  readonly mode: PlaybackMode
  /** Of the range, and of the times in the media. */
  readonly clock: (typeof FRAGMENT_CLOCKS)[number]
  /** Start of the range; of a LIVE session, the server time of its first fragment. */
  readonly startMs: EpochMs
  /** Null where the session goes on for as long as it may. */
  readonly endMs: EpochMs | null
  /** Place in the order of ingestion before which a LIVE session has nothing; 0 for the others. */
  readonly firstSequence: number
  readonly discontinuityMode: DiscontinuityMode
  readonly showsTimestamps: boolean
  readonly maxFragments: number
  readonly createdAtMs: EpochMs
  readonly expiresAtMs: EpochMs
  /** Start of the first fragment on the session's clock; media times count from a little before it. */
  readonly originMs: EpochMs
  /** The codecs of the tracks in order: `h264`, `h264+aac`, `aac`. They may not change, CodecPrivate may. */
  readonly codecs: string
}

export const NO_STREAMING_FRAGMENTS = 'No fragments found in the stream for the streaming request.'
