import { Field, ObjectType } from 'type-graphql'
import type { HlsPlaybackMode } from '../../domain/hls-session.js'
import type { EpochMs } from '../../lib/clock.js'
import { DateTimeScalar } from '../scalars/date-time.js'
import { enumType } from '../scalars/enum-type.js'
import { UrlScalar } from '../scalars/url.js'

export const HlsPlaybackModeEnum = enumType<HlsPlaybackMode>('HlsPlaybackMode', 'The playback mode of an HLS session (PlaybackMode).', {
  LIVE: 'The newest footage, as it arrives.',
  LIVE_REPLAY: 'Archived footage played as if it were live, from the start of the range, in real time.',
  ON_DEMAND: 'All footage of the range, up to 1,000 fragments.',
})

@ObjectType('HlsStreamingSession', {
  description: 'An HLS session of Kinesis Video, for one player.',
  simpleResolvers: true,
})
export class HlsStreamingSessionType {
  @Field(() => UrlScalar, {
    description: 'The master playlist. It contains a session token: treat it as a credential. Its fragments include their timestamps.',
  })
  readonly url!: string

  @Field(() => DateTimeScalar, { name: 'expiresAt', simple: false, description: 'When the session ends, even during playback.' })
  readonly expiresAtMs!: EpochMs
}
