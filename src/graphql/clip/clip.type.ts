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
    'An MP4 of archived footage, with a URL that streams it. The id is sealed with the gateway’s secrets, so every gateway with the same secrets can open it. The same request with the same URL lifetime has the same id.',
  simpleResolvers: true,
})
export class ClipType implements Omit<Clip, 'id'> {
  readonly streamArn!: string

  @Field(() => ClipStateEnum, { description: 'The state of the clip.' })
  readonly state!: Clip['state']

  @Field(() => ClipFormEnum, { description: 'Whether the MP4 was rebuilt or passed through.' })
  readonly form!: Clip['form']

  @Field(() => UrlScalar, {
    description:
      'Opens without further credentials until expiresAt. Ranges, HEAD and conditional requests work. At most 2,000 characters. Equal for equal reads within one quarter of its lifetime. Then it changes, and the previous URL stays valid until its own expiresAt. Players should keep the first URL until it is about to expire.',
  })
  readonly downloadUrl!: string

  @Field(() => DateTimeScalar, {
    name: 'expiresAt',
    simple: false,
    description: 'When downloadUrl expires. A running download can finish.',
  })
  readonly expiresAtMs!: EpochMs

  @Field(() => String, { description: 'The file name for downloads. It is safe and ends in .mp4.' })
  readonly fileName!: string

  @Field(() => String, { description: 'Media type of the download: video/mp4.' })
  readonly contentType!: string

  @Field(() => TimestampRangeType, { description: 'The requested range.' })
  readonly requested!: TimeRange

  @Field(() => TimestampRangeType, { description: 'The range that the clip shows.' })
  readonly delivered!: TimeRange

  @Field(() => Boolean, { description: 'True when the range has more footage than the clip.' })
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

  @Field(() => Int, { description: 'Number of fragments in the clip.' })
  readonly fragmentCount!: number

  @Field(() => ByteCountScalar, { nullable: true, description: 'Size of the MP4 in bytes. Exact once READY; null before.' })
  readonly sizeBytes!: number | null

  @Field(() => MillisecondsScalar, { description: 'Playing time in milliseconds. Exact once READY.' })
  readonly durationMs!: number

  @Field(() => Float, { description: 'Fraction of the clip that has arrived, from 0 to 1.' })
  readonly progress!: number

  @Field(() => String, {
    nullable: true,
    description:
      'Strong entity tag, including its quotes. A REBUILT clip has the same bytes, and the same tag, on every gateway. Null until it is known.',
  })
  readonly etag!: string | null

  @Field(() => ClipFailureType, { nullable: true, description: 'Why it failed. Null otherwise.' })
  readonly failure!: ClipFailure | null
}
