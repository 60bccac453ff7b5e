import { Field, InputType, Int } from 'type-graphql'
import type { ClipCut, ClipInput, ClipOverflow } from '../../domain/clip.js'
import type { FragmentSelectorType } from '../../domain/time-range.js'
import type { EpochMs } from '../../lib/clock.js'
import { FragmentSelectorTypeEnum } from '../fragment/fragment.type.js'
import { DateTimeScalar } from '../scalars/date-time.js'
import { enumType } from '../scalars/enum-type.js'

/** The maximum number of inputs of requestClips. 25 clips cost well below the default of QUERY_MAX_COST. */
export const MAX_CLIPS_PER_REQUEST = 25

const ClipCutEnum = enumType<ClipCut>('ClipCut', 'Where a clip starts and ends.', {
  FRAGMENT: 'Whole fragments that start inside the range, as GetClip returns them. An edit list hides pictures before the first key frame.',
  EXACT:
    'Exactly the requested time: from the first frame at or after startTimestamp to the last frame at or before endTimestamp. The gateway also fetches the fragment that covers the start, and earlier fragments back to the key frame that the first picture needs. An edit list hides the frames before the start; they stay in the file. No transcoding.',
})

const ClipOverflowEnum = enumType<ClipOverflow>(
  'ClipOverflow',
  'What to do when the range has more footage than one GetClip call can return.',
  {
    JOIN: 'Join the results of several GetClip calls into one MP4.',
    TRUNCATE: 'Return what one GetClip call returns: the first 200 fragments or 100 MB. Clip.truncated is then true.',
    REFUSE: 'Refuse the request with an issue.',
  },
)

@InputType('ClipInput', {
  description: 'A clip request: the stream, the range and the options. Problems with the input are returned as issues.',
})
export class ClipInputType implements ClipInput {
  @Field(() => String, { nullable: true, description: 'Exactly one of streamName and streamArn.' })
  readonly streamName?: string | null

  @Field(() => String, { nullable: true, description: 'Exactly one of streamName and streamArn.' })
  readonly streamArn?: string | null

  @Field(() => FragmentSelectorTypeEnum, {
    defaultValue: 'SERVER_TIMESTAMP',
    description: 'The clock of startTimestamp and endTimestamp.',
  })
  readonly fragmentSelectorType!: FragmentSelectorType

  @Field(() => DateTimeScalar, { description: 'Start of the range. Fragments that start at this time are included.' })
  readonly startTimestamp!: EpochMs

  @Field(() => DateTimeScalar, {
    description:
      'End of the range: later than the start, at most 24 hours after it, and in the past with SERVER_TIMESTAMP. Fragments that start at this time are included.',
  })
  readonly endTimestamp!: EpochMs

  @Field(() => ClipCutEnum, { defaultValue: 'FRAGMENT', description: 'Where the clip starts and ends.' })
  readonly cut!: ClipCut

  @Field(() => ClipOverflowEnum, {
    defaultValue: 'JOIN',
    description: 'What to do when the range has more footage than one GetClip call can return.',
  })
  readonly overflow!: ClipOverflow

  @Field(() => String, {
    nullable: true,
    description:
      'The file name that browsers suggest, at most 100 characters. The gateway replaces unsafe characters and adds .mp4 when it is missing.',
  })
  readonly fileName?: string | null

  @Field(() => Int, {
    nullable: true,
    description:
      'Minimum lifetime of the URL in seconds, from 1 to limits.maxUrlSeconds. The default is limits.defaultUrlSeconds. A URL is valid for up to a quarter longer. The lifetime is part of the id of the clip. A running download can finish.',
  })
  readonly expiresInSeconds?: number | null
}
