import { Field, Int, ObjectType } from 'type-graphql'
import type { ClipPlanSummary, ClipValidation } from '../../domain/clip.js'
import type { ClipIssue } from '../../domain/clip-issue.js'
import type { TimeRange } from '../../domain/time-range.js'
import { costOfList } from '../cost/field-cost.js'
import { ByteCountScalar } from '../scalars/whole-number.js'
import { TimestampRangeType } from '../time/timestamp-range.type.js'
import { ClipIssueType } from './clip-issue.type.js'

@ObjectType('ClipPlan', { description: 'The planned contents of a clip, computed from ListFragments.', simpleResolvers: true })
class ClipPlanType implements ClipPlanSummary {
  @Field(() => Int, { description: 'Number of fragments in the clip.' })
  readonly fragmentCount!: number

  @Field(() => ByteCountScalar, {
    description: 'Estimated size of the MP4: the total size of its fragments, as ListFragments reports it.',
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
    description: 'Ranges without footage, as in coverage with maxGapMs 1000.',
  })
  readonly gaps!: readonly TimeRange[]

  @Field(() => Int, { description: 'Number of GetClip calls.' })
  readonly parts!: number
}

@ObjectType('ClipValidation', { description: 'What requestClip would do with an input.', simpleResolvers: true })
export class ClipValidationType implements ClipValidation {
  @Field(() => Boolean, { description: 'True when no issue is of severity ERROR.' })
  readonly valid!: boolean

  @Field(() => [ClipIssueType], { complexity: costOfList(3), description: 'All issues, errors first.' })
  readonly issues!: readonly ClipIssue[]

  @Field(() => ClipPlanType, { nullable: true, description: 'The plan of the clip. Null when it cannot be computed.' })
  readonly plan!: ClipPlanSummary | null
}
