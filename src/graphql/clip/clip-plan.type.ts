import { Field, Int, ObjectType } from 'type-graphql'
import type { ClipPlanSummary } from '../../domain/clip.js'
import type { TimeRange } from '../../domain/time-range.js'
import { costOfList } from '../field-cost.js'
import { ByteCountScalar } from '../scalars/whole-number.js'
import { TimestampRangeType } from '../time/timestamp-range.type.js'

@ObjectType('ClipPlan', { description: 'The planned contents of a clip, computed from ListFragments.', simpleResolvers: true })
export class ClipPlanType implements ClipPlanSummary {
  @Field(() => Int, { description: 'Number of fragments in the clip.' })
  readonly fragmentCount!: number

  @Field(() => ByteCountScalar, {
    description: 'The sum of the fragments’ sizes as Kinesis Video reports them: an estimate of the MP4’s size.',
  })
  readonly estimatedBytes!: number

  @Field(() => TimestampRangeType, { description: 'The requested range.' })
  readonly requested!: TimeRange

  @Field(() => TimestampRangeType, { description: 'The range that the clip will show.' })
  readonly delivered!: TimeRange

  @Field(() => Boolean, { description: 'True when the range has more footage than the clip will have.' })
  readonly truncated!: boolean

  @Field(() => [TimestampRangeType], {
    complexity: costOfList(10),
    description: 'Stretches without footage, as in coverage with maxGapMs 1000.',
  })
  readonly gaps!: readonly TimeRange[]

  @Field(() => Int, { description: 'Number of GetClip calls.' })
  readonly parts!: number
}
