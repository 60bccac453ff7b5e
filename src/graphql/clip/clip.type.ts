import { Field, Float, Int, ObjectType } from 'type-graphql'
import type { Clip, ClipFailure } from '../../domain/clip.js'
import type { TimeRange } from '../../domain/time-range.js'
import type { EpochMs } from '../../lib/clock.js'
import { costOfList } from '../field-cost.js'
import { NodeType } from '../node/node.type.js'
import { DateTimeScalar } from '../scalars/date-time.js'
import { UrlScalar } from '../scalars/url.js'
import { ByteCountScalar, MillisecondsScalar } from '../scalars/whole-number.js'
import { TimestampRangeType } from '../time/timestamp-range.type.js'
import { ClipFailureType } from './clip-failure.type.js'
import { ClipFormEnum, ClipStateEnum } from './clip-state.js'
import { ClipTimelineEntryType } from './clip-timeline-entry.type.js'

@ObjectType('Clip', {
  implements: NodeType,
  description:
    'An MP4 of archived footage and the URL that it streams from. Its id is sealed by the gateway’s secrets, so that each gateway that has them knows the clip. The same request, with the same lifetime of the URL, has the same id.',
  simpleResolvers: true,
})
export class ClipType implements Omit<Clip, 'id'> {
  readonly streamArn!: string

  @Field(() => ClipStateEnum, { description: 'How far it is.' })
  readonly state!: Clip['state']

  @Field(() => ClipFormEnum, { description: 'Who laid out the MP4.' })
  readonly form!: Clip['form']

  @Field(() => UrlScalar, {
    description:
      'Opens without further credentials until expiresAt. Ranges, HEAD and conditional requests work. At most 2,000 characters. Equal for equal reads within one quarter of its lifetime; then it changes, and the one before stays open until its own expiresAt. A player keeps the first one until it is about to expire.',
  })
  readonly downloadUrl!: string

  @Field(() => DateTimeScalar, {
    name: 'expiresAt',
    simple: false,
    description: 'Until when downloadUrl may be opened. A download that has begun may finish.',
  })
  readonly expiresAtMs!: EpochMs

  @Field(() => String, { description: 'The name that a browser is offered: safe, and ending in .mp4.' })
  readonly fileName!: string

  @Field(() => String, { description: 'Media type of what the URL gives: video/mp4.' })
  readonly contentType!: string

  @Field(() => TimestampRangeType, { description: 'What was asked for.' })
  readonly requested!: TimeRange

  @Field(() => TimestampRangeType, { description: 'What is in the clip.' })
  readonly delivered!: TimeRange

  @Field(() => Boolean, { description: 'True when the range held more than the clip does.' })
  readonly truncated!: boolean

  @Field(() => [TimestampRangeType], {
    complexity: costOfList(10),
    description: 'Stretches without footage, as in coverage with maxGapMs 1000.',
  })
  readonly gaps!: readonly TimeRange[]

  @Field(() => [ClipTimelineEntryType], {
    complexity: costOfList(10),
    description: 'Which stretch of real time plays when: one entry for each stretch without a gap.',
  })
  readonly timeline!: Clip['timeline']

  @Field(() => Int, { description: 'How many fragments are in the clip.' })
  readonly fragmentCount!: number

  @Field(() => ByteCountScalar, { nullable: true, description: 'Size of the MP4 in bytes. Exact once READY; null before.' })
  readonly sizeBytes!: number | null

  @Field(() => MillisecondsScalar, { description: 'Playing time in milliseconds; exact once READY.' })
  readonly durationMs!: number

  @Field(() => Float, { description: 'How much has come, from 0 to 1.' })
  readonly progress!: number

  @Field(() => String, {
    nullable: true,
    description:
      'Strong entity tag, with its quotes. A REBUILT clip has the same bytes, and the same tag, on every gateway. Null until it is known.',
  })
  readonly etag!: string | null

  @Field(() => ClipFailureType, { nullable: true, description: 'Why it failed. Null otherwise.' })
  readonly failure!: ClipFailure | null
}
