import { Field, ObjectType } from 'type-graphql'
import type { TimeRange } from '../../domain/time-range.js'
import type { EpochMs } from '../../lib/clock.js'
import { DateTimeScalar } from '../scalars/date-time.js'
import { MillisecondsScalar } from '../scalars/whole-number.js'

@ObjectType('TimestampRange', { description: 'A stretch of time.' })
export class TimestampRangeType implements TimeRange {
  @Field(() => DateTimeScalar, { name: 'startTimestamp', description: 'Its first instant.' })
  readonly startMs!: EpochMs

  @Field(() => DateTimeScalar, { name: 'endTimestamp', description: 'Its last instant.' })
  readonly endMs!: EpochMs

  @Field(() => MillisecondsScalar, { description: 'From its start to its end, in milliseconds.' })
  durationMs(): number {
    return this.endMs - this.startMs
  }
}
