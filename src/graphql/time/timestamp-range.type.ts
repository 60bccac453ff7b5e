import { Field, ObjectType } from 'type-graphql'
import type { TimeRange } from '../../domain/time-range.js'
import type { EpochMs } from '../../lib/clock.js'
import { DateTimeScalar } from '../scalars/date-time.js'
import { MillisecondsScalar } from '../scalars/whole-number.js'

@ObjectType('TimestampRange', { description: 'A range of time.' })
export class TimestampRangeType implements TimeRange {
  @Field(() => DateTimeScalar, { name: 'startTimestamp', description: 'The start of the range.' })
  readonly startMs!: EpochMs

  @Field(() => DateTimeScalar, { name: 'endTimestamp', description: 'The end of the range.' })
  readonly endMs!: EpochMs

  @Field(() => MillisecondsScalar, { description: 'The duration in milliseconds.' })
  durationMs(): number {
    return this.endMs - this.startMs
  }
}
