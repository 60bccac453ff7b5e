import { Field, ObjectType } from 'type-graphql'
import type { TimeRange } from '../../domain/time-range.js'
import { MillisecondsScalar } from '../scalars/whole-number.js'
import { TimestampRangeType } from '../time/timestamp-range.type.js'

@ObjectType('ClipTimelineEntry', {
  description: 'A stretch of real time without a gap, and its position in the clip.',
  simpleResolvers: true,
})
export class ClipTimelineEntryType {
  @Field(() => MillisecondsScalar, { description: 'Position in the clip where the stretch starts, in milliseconds of playing time.' })
  readonly mediaStartMs!: number

  @Field(() => TimestampRangeType, { description: 'The real time that plays from there, on the requested clock.' })
  readonly range!: TimeRange
}
