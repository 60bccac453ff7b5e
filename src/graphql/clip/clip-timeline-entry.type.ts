import { Field, ObjectType } from 'type-graphql'
import type { TimeRange } from '../../domain/time-range.js'
import { MillisecondsScalar } from '../scalars/whole-number.js'
import { TimestampRangeType } from '../time/timestamp-range.type.js'

@ObjectType('ClipTimelineEntry', {
  description: 'A stretch of real time without a gap, and where in the clip it plays.',
  simpleResolvers: true,
})
export class ClipTimelineEntryType {
  @Field(() => MillisecondsScalar, { description: 'Where in the clip the stretch begins, in milliseconds of playing time.' })
  readonly mediaStartMs!: number

  @Field(() => TimestampRangeType, { description: 'The real time that plays from there, on the clock that the clip was asked by.' })
  readonly range!: TimeRange
}
