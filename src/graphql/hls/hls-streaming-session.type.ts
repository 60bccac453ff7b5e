import { Field, ObjectType } from 'type-graphql'
import type { EpochMs } from '../../lib/clock.js'
import { DateTimeScalar } from '../scalars/date-time.js'
import { UrlScalar } from '../scalars/url.js'

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
