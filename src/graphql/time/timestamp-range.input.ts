import { Field, InputType } from 'type-graphql'
import type { EpochMs } from '../../lib/clock.js'
import { DateTimeScalar } from '../scalars/date-time.js'

@InputType('TimestampRangeInput', {
  description: 'A stretch of time. Both ends are inclusive and compared with the start of each fragment, as GetClip does.',
})
export class TimestampRangeInput {
  @Field(() => DateTimeScalar, { description: 'The start of the range.' })
  readonly startTimestamp!: EpochMs

  @Field(() => DateTimeScalar, { description: 'The end of the range, not before the start.' })
  readonly endTimestamp!: EpochMs
}
