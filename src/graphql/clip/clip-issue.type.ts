import { Field, ObjectType } from 'type-graphql'
import type { ClipIssue, ClipIssueCode } from '../../domain/clip-issue.js'
import type { TimeRange } from '../../domain/time-range.js'
import { costOfList } from '../field-cost.js'
import { MillisecondsScalar } from '../scalars/whole-number.js'
import { TimestampRangeType } from '../time/timestamp-range.type.js'
import { ClipIssueCodeEnum, IssueSeverityEnum } from './clip-issue-code.js'

@ObjectType('ClipIssue', {
  description: 'A problem with a clip request that the caller can correct, or a warning about the result.',
  simpleResolvers: true,
})
export class ClipIssueType implements ClipIssue {
  @Field(() => ClipIssueCodeEnum, { description: 'Machine-readable code.' })
  readonly code!: ClipIssueCode

  @Field(() => IssueSeverityEnum, { description: 'Whether the issue prevents the clip.' })
  readonly severity!: ClipIssue['severity']

  @Field(() => String, { description: 'One plain sentence: what is wrong, what was expected, what was given.' })
  readonly message!: string

  @Field(() => [String], { description: 'Path of the input field at fault, for example ["endTimestamp"].' })
  readonly path!: readonly string[]

  @Field(() => String, { nullable: true, description: 'What to do about it. Null when there is nothing to say.' })
  readonly hint!: string | null

  @Field(() => [TimestampRangeType], {
    complexity: costOfList(3),
    description: 'Ranges that can be had instead, or that the issue is about. Empty when it is about no range.',
  })
  readonly ranges!: readonly TimeRange[]

  @Field(() => MillisecondsScalar, { nullable: true, description: 'When to ask again. Null when asking again changes nothing.' })
  readonly retryAfterMs!: number | null
}
