import { Field, InputType, Int } from 'type-graphql'
import type { ClipCut, ClipInput, ClipOverflow } from '../../domain/clip.js'
import type { FragmentSelectorType } from '../../domain/time-range.js'
import type { EpochMs } from '../../lib/clock.js'
import { FragmentSelectorTypeEnum } from '../fragment/fragment-selector-type.js'
import { DateTimeScalar } from '../scalars/date-time.js'
import { ClipCutEnum } from './clip-cut.js'
import { ClipOverflowEnum } from './clip-overflow.js'

@InputType('ClipInput', {
  description: 'A clip that is asked for: which stream, from when to when, and how. What is wrong with it comes back as issues.',
})
export class ClipInputType implements ClipInput {
  @Field(() => String, { nullable: true, description: 'Exactly one of streamName and streamArn.' })
  readonly streamName?: string | null

  @Field(() => String, { nullable: true, description: 'Exactly one of streamName and streamArn.' })
  readonly streamArn?: string | null

  @Field(() => FragmentSelectorTypeEnum, {
    defaultValue: 'SERVER_TIMESTAMP',
    description: 'Which clock startTimestamp and endTimestamp are read on.',
  })
  readonly fragmentSelectorType!: FragmentSelectorType

  @Field(() => DateTimeScalar, { description: 'The first instant. Fragments that start at it are in.' })
  readonly startTimestamp!: EpochMs

  @Field(() => DateTimeScalar, {
    description: 'Later than the start, at most 24 hours after it; with SERVER_TIMESTAMP, in the past. Fragments that start at it are in.',
  })
  readonly endTimestamp!: EpochMs

  @Field(() => ClipCutEnum, { defaultValue: 'FRAGMENT', description: 'Where the clip begins and ends.' })
  readonly cut!: ClipCut

  @Field(() => ClipOverflowEnum, {
    defaultValue: 'JOIN',
    description: 'What to do when the range holds more than one GetClip call can give.',
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
      'How many seconds the URL may be opened, at least: from 1 to limits.maxUrlSeconds, limits.defaultUrlSeconds when left out. A URL opens for up to a quarter longer. The lifetime is part of the id of the clip. A download that has begun may finish.',
  })
  readonly expiresInSeconds?: number | null
}
