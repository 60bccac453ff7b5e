import { Field, InputType, Int } from 'type-graphql'
import type { ClipCut, ClipInput, ClipOverflow } from '../../domain/clip.js'
import type { FragmentSelectorType } from '../../domain/time-range.js'
import type { EpochMs } from '../../lib/clock.js'
import { FragmentSelectorTypeEnum } from '../fragment/fragment-selector-type.js'
import { DateTimeScalar } from '../scalars/date-time.js'
import { ClipCutEnum } from './clip-cut.js'
import { ClipOverflowEnum } from './clip-overflow.js'

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
      'Later than the start, at most 24 hours after it; with SERVER_TIMESTAMP, in the past. Fragments that start at this time are included.',
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
    description: 'Name offered to the browser, at most 100 characters. Made safe; .mp4 is added when it is missing.',
  })
  readonly fileName?: string | null

  @Field(() => Int, {
    nullable: true,
    description:
      'Minimum lifetime of the URL in seconds, from 1 to limits.maxUrlSeconds. The default is limits.defaultUrlSeconds. A URL is valid for up to a quarter longer. The lifetime is part of the id of the clip. A running download can finish.',
  })
  readonly expiresInSeconds?: number | null
}
