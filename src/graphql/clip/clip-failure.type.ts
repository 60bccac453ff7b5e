import { Field, ObjectType } from 'type-graphql'
import type { ClipFailure, ClipFailureCode } from '../../domain/clip.js'
import type { TimeRange } from '../../domain/time-range.js'
import { costOfList } from '../field-cost.js'
import { TimestampRangeType } from '../time/timestamp-range.type.js'
import { ClipFailureCodeEnum } from './clip-state.js'

@ObjectType('ClipFailure', { description: 'Why a requested clip could not be made.', simpleResolvers: true })
export class ClipFailureType implements ClipFailure {
  @Field(() => ClipFailureCodeEnum, { description: 'Machine-readable reason.' })
  readonly code!: ClipFailureCode

  @Field(() => String, { description: 'The reason in one sentence.' })
  readonly message!: string

  @Field(() => Boolean, { description: 'True when the same request can succeed later.' })
  readonly retryable!: boolean

  @Field(() => [TimestampRangeType], {
    complexity: costOfList(3),
    description: 'Ranges that you can request instead. Empty when there are none.',
  })
  readonly ranges!: readonly TimeRange[]
}
