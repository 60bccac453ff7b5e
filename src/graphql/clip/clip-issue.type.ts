import { Field, ObjectType } from 'type-graphql'
import type { ClipIssue, ClipIssueCode } from '../../domain/clip-issue.js'
import type { TimeRange } from '../../domain/time-range.js'
import { costOfList } from '../cost/field-cost.js'
import { enumType } from '../scalars/enum-type.js'
import { MillisecondsScalar } from '../scalars/whole-number.js'
import { TimestampRangeType } from '../time/timestamp-range.type.js'

const IssueSeverityEnum = enumType<ClipIssue['severity']>('IssueSeverity', 'Whether an issue prevents the clip.', {
  ERROR: 'No clip can be made from this input.',
  WARNING: 'The clip can be made, but differs from the request.',
})

const ClipIssueCodeEnum = enumType<ClipIssueCode>('ClipIssueCode', 'The kind of an issue.', {
  STREAM_REQUIRED: 'Neither streamName nor streamArn was given.',
  STREAM_AMBIGUOUS: 'Both streamName and streamArn were given.',
  STREAM_NAME_INVALID: 'streamName is not 1 to 256 letters, digits, dots, underscores and hyphens.',
  STREAM_ARN_INVALID: 'streamArn is not the ARN of a Kinesis video stream.',
  STREAM_NOT_FOUND: 'The stream does not exist in this account and Region.',
  STREAM_NOT_ACTIVE: 'The stream is being created or deleted.',
  END_NOT_AFTER_START: 'endTimestamp is not later than startTimestamp.',
  RANGE_TOO_LONG: 'The range is longer than 24 hours.',
  END_IN_FUTURE: 'With SERVER_TIMESTAMP, endTimestamp is not in the past.',
  START_BEFORE_RETENTION: 'The start of the range is before the retention period of the stream.',
  END_BEFORE_RETENTION: 'The whole range is before the retention period of the stream.',
  NO_DATA_RETENTION: 'The stream keeps no footage (dataRetentionInHours is 0).',
  NO_FRAGMENTS: 'No fragment starts inside the range.',
  STARTS_WITHOUT_KEY_FRAME:
    'The footage does not start with a key frame. The clip hides the frames before the first key frame, or cannot be made when no key frame is close enough.',
  FOOTAGE_NOT_YET_LISTED: 'The end of the range is so recent that some of its footage may not be listed yet.',
  FRAGMENT_LIMIT_EXCEEDED: 'The range has more fragments than one GetClip call returns.',
  SIZE_LIMIT_EXCEEDED: 'The range has more bytes than one GetClip call returns.',
  START_INSIDE_FRAGMENT: 'The range starts inside a fragment. That fragment is excluded, because it starts before the range.',
  END_INSIDE_FRAGMENT: 'The range ends inside a fragment. The whole fragment is included.',
  GAP_IN_RANGE: 'Part of the range has no footage: a gap, as in coverage with maxGapMs 1000.',
  CLOCKS_DISAGREE: 'The difference between producer and server timestamps changes by more than a second.',
  UNSUPPORTED_VIDEO_CODEC: 'The video is neither H.264 nor H.265.',
  UNSUPPORTED_AUDIO_CODEC: 'The audio is neither AAC nor G.711.',
  MISSING_CODEC_PRIVATE_DATA: 'A track has no codec private data.',
  INVALID_CODEC_PRIVATE_DATA: 'The codec private data of a track is unreadable, or not in the form that MP4 needs.',
  CODEC_PRIVATE_DATA_CHANGES: 'The codec configuration changes inside the range.',
  TRACKS_CHANGE: 'The number or kind of tracks changes inside the range.',
  INVALID_MEDIA_FRAME: 'A frame is invalid for its codec.',
  JOIN_NOT_POSSIBLE: 'The clip needs several GetClip calls, and their responses cannot be joined into one MP4.',
  CLIP_TOO_LARGE: 'The clip would be larger than limits.maxClipBytes.',
  EXPIRY_OUT_OF_RANGE: 'expiresInSeconds is not from 1 to limits.maxUrlSeconds.',
  FILE_NAME_INVALID: 'fileName is empty, too long, or contains an invalid character.',
})

@ObjectType('ClipIssue', {
  description: 'A problem with a clip request that the caller can correct, or a warning about the result.',
  simpleResolvers: true,
})
export class ClipIssueType implements ClipIssue {
  @Field(() => ClipIssueCodeEnum, { description: 'Machine-readable code.' })
  readonly code!: ClipIssueCode

  @Field(() => IssueSeverityEnum, { description: 'Whether the issue prevents the clip.' })
  readonly severity!: ClipIssue['severity']

  @Field(() => String, { description: 'One sentence with the problem, the expected value and the given value.' })
  readonly message!: string

  @Field(() => [String], { description: 'Path of the input field that is at fault, for example ["endTimestamp"].' })
  readonly path!: readonly string[]

  @Field(() => String, { nullable: true, description: 'How to correct the problem. Null when there is no advice.' })
  readonly hint!: string | null

  @Field(() => [TimestampRangeType], {
    complexity: costOfList(3),
    description: 'Ranges that you can request instead, or the ranges that have the problem. Empty when the issue is not about a range.',
  })
  readonly ranges!: readonly TimeRange[]

  @Field(() => MillisecondsScalar, {
    nullable: true,
    description: 'When to retry, in milliseconds from now. Null when a retry would not help.',
  })
  readonly retryAfterMs!: number | null
}
