import { Field, ObjectType } from 'type-graphql'
import type { Clip, ClipAnswer } from '../../domain/clip.js'
import type { ClipIssue } from '../../domain/clip-issue.js'
import { costOfList } from '../field-cost.js'
import { ClipType } from './clip.type.js'
import { ClipIssueType } from './clip-issue.type.js'

@ObjectType('RequestClipPayload', { description: 'The clip, or the issues that prevent it.', simpleResolvers: true })
export class RequestClipPayloadType implements ClipAnswer {
  @Field(() => ClipType, { nullable: true, description: 'Null exactly when an issue of severity ERROR is present.' })
  readonly clip!: Clip | null

  @Field(() => [ClipIssueType], { complexity: costOfList(3), description: 'All issues, errors first.' })
  readonly issues!: readonly ClipIssue[]
}
