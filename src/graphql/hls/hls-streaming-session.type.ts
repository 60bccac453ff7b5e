import { Field, ObjectType } from 'type-graphql'
import type { EpochMs } from '../../lib/clock.js'
import { DateTimeScalar } from '../scalars/date-time.js'
import { UrlScalar } from '../scalars/url.js'

@ObjectType('HlsStreamingSession', {
  description: 'A session of Kinesis Video’s own HLS, for one player.',
  simpleResolvers: true,
})
export class HlsStreamingSessionType {
  @Field(() => UrlScalar, {
    description: 'The master playlist. It holds a session token: treat it as a credential. Its fragments show their timestamps.',
  })
  readonly url!: string

  @Field(() => DateTimeScalar, { name: 'expiresAt', simple: false, description: 'When the session ends, also in the middle of playing.' })
  readonly expiresAtMs!: EpochMs
}
