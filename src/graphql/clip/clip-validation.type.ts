import { Field, ObjectType } from 'type-graphql'
import type { ClipPlanSummary, ClipValidation } from '../../domain/clip.js'
import type { ClipIssue } from '../../domain/clip-issue.js'
import { costOfList } from '../field-cost.js'
import { ClipIssueType } from './clip-issue.type.js'
import { ClipPlanType } from './clip-plan.type.js'

@ObjectType('ClipValidation', { description: 'What requestClip would do with an input.', simpleResolvers: true })
export class ClipValidationType implements ClipValidation {
  @Field(() => Boolean, { description: 'True when no issue is of severity ERROR.' })
  readonly valid!: boolean

  @Field(() => [ClipIssueType], { complexity: costOfList(3), description: 'All issues, errors first.' })
  readonly issues!: readonly ClipIssue[]

  @Field(() => ClipPlanType, { nullable: true, description: 'The plan of the clip. Null when it cannot be computed.' })
  readonly plan!: ClipPlanSummary | null
}
