import { Field, Float, Int, ObjectType } from 'type-graphql'
import type { Clip, ClipAnswer, ClipFailure, ClipFailureCode } from '../../domain/clip.js'
import type { ClipIssue } from '../../domain/clip-issue.js'
import type { TimeRange } from '../../domain/time-range.js'
import type { EpochMs } from '../../lib/clock.js'
import { costOfList } from '../cost/field-cost.js'
import { NodeType } from '../relay/node.type.js'
import { DateTimeScalar } from '../scalars/date-time.js'
import { enumType } from '../scalars/enum-type.js'
import { UrlScalar } from '../scalars/url.js'
import { ByteCountScalar, MillisecondsScalar } from '../scalars/whole-number.js'
import { TimestampRangeType } from '../time/timestamp-range.type.js'
import { ClipIssueType } from './clip-issue.type.js'

const ClipStateEnum = enumType<Clip['state']>('ClipState', 'The state of a clip.', {
  IDLE: 'Neither stored nor being fetched. Opening downloadUrl, subscribing to clipProgress or repeating requestClip starts the fetch.',
  FETCHING: 'Bytes are arriving from Kinesis Video. The URL already works.',
  READY: 'The clip is complete.',
  FAILED: 'The clip could not be made. failure gives the reason.',
})

const ClipFormEnum = enumType<Clip['form']>('ClipForm', 'Whether the MP4 was rebuilt or passed through.', {
  REBUILT: 'Written with a new layout: moov first, wall-clock times, the same bytes on every gateway.',
  PASSTHROUGH: 'As Kinesis Video wrote it: it contains something that the gateway cannot rebuild, or it is not rebuilt yet.',
})

const ClipFailureCodeEnum = enumType<ClipFailureCode>('ClipFailureCode', 'Why a clip could not be made.', {
  FOOTAGE_EXPIRED: 'The footage expired before it was fetched.',
  FOOTAGE_CHANGED: 'The archived footage no longer matches the footage of the request.',
  CODEC_CHANGES: 'The codec configuration changes inside the range. ranges lists the parts that you can request.',
  KVS_THROTTLED: 'Kinesis Video throttled the gateway for longer than it can wait.',
  KVS_UNAVAILABLE: 'Kinesis Video was unreachable, or ended a response early.',
  KVS_ACCESS_DENIED: 'Kinesis Video denies the gateway access to this stream.',
  STORE_FULL: 'The clip store has no space for the clip.',
  INTERNAL: 'An internal error of the gateway. See its log.',
})

@ObjectType('ClipFailure', { description: 'Why a requested clip could not be made.', simpleResolvers: true })
class ClipFailureType implements ClipFailure {
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

@ObjectType('ClipTimelineEntry', {
  description: 'A range of real time without a gap, and its position in the clip.',
  simpleResolvers: true,
})
class ClipTimelineEntryType {
  @Field(() => MillisecondsScalar, { description: 'Position in the clip where the range starts, in milliseconds of playing time.' })
  readonly mediaStartMs!: number

  @Field(() => TimestampRangeType, { description: 'The real time that plays from there, on the requested clock.' })
  readonly range!: TimeRange
}

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
      'Opens without further credentials until expiresAt. Supports ranges, HEAD and conditional requests. At most 2,000 characters. Reads within one quarter of its lifetime return the same URL. Then the URL changes, and the previous one stays valid until its own expiresAt. Players should keep the first URL until it is about to expire.',
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
    description: 'Ranges without footage, as in coverage with maxGapMs 1000.',
  })
  readonly gaps!: readonly TimeRange[]

  @Field(() => [ClipTimelineEntryType], {
    complexity: costOfList(10),
    description: 'Maps real time to playing time: one entry for each range without a gap.',
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

  @Field(() => ClipFailureType, { nullable: true, description: 'Why the clip failed. Null unless state is FAILED.' })
  readonly failure!: ClipFailure | null
}

@ObjectType('RequestClipPayload', { description: 'The clip, or the issues that prevent it.', simpleResolvers: true })
export class RequestClipPayloadType implements ClipAnswer {
  @Field(() => ClipType, { nullable: true, description: 'Null exactly when an issue of severity ERROR is present.' })
  readonly clip!: Clip | null

  @Field(() => [ClipIssueType], { complexity: costOfList(3), description: 'All issues, errors first.' })
  readonly issues!: readonly ClipIssue[]
}
