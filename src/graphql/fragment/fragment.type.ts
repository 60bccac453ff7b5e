import { Field, ID, ObjectType } from 'type-graphql'
import type { ListedFragment } from '../../domain/listed-fragment.js'
import type { EpochMs } from '../../lib/clock.js'
import { connectionTypes } from '../relay/connection.type.js'
import { DateTimeScalar } from '../scalars/date-time.js'
import { enumType } from '../scalars/enum-type.js'
import { ByteCountScalar, MillisecondsScalar } from '../scalars/whole-number.js'

export const FragmentSelectorTypeEnum = enumType('FragmentSelectorType', 'The fragment timestamp that a range is compared with.', {
  PRODUCER_TIMESTAMP: 'The timestamp from the producer: the clock of the camera.',
  SERVER_TIMESTAMP: 'The time when Kinesis Video received the fragment: the clock of the service.',
})

@ObjectType('Fragment', {
  description: 'A fragment as Kinesis Video archives it, usually 1 to 10 seconds long. GetClip includes or omits whole fragments.',
  simpleResolvers: true,
})
export class FragmentType implements ListedFragment {
  @Field(() => ID, { description: 'FragmentNumber of ListFragments: a decimal string, unique in the stream. It increases with ingestion.' })
  readonly fragmentNumber!: string

  @Field(() => DateTimeScalar, {
    name: 'producerTimestamp',
    simple: false,
    description: 'Start of the fragment on the clock of the producer.',
  })
  readonly producerTimestampMs!: EpochMs

  @Field(() => DateTimeScalar, {
    name: 'serverTimestamp',
    simple: false,
    description: 'When Kinesis Video received the start of the fragment.',
  })
  readonly serverTimestampMs!: EpochMs

  @Field(() => MillisecondsScalar, {
    description: 'Playing time in milliseconds, as ListFragments reports it. It can be about one frame too short.',
  })
  readonly lengthMs!: number

  @Field(() => ByteCountScalar, {
    description: 'Size of the Matroska media in bytes, as ListFragments reports it. An MP4 has another size.',
  })
  readonly sizeBytes!: number
}

export const FragmentConnectionType = connectionTypes(FragmentType, 'Fragment', 'fragments')
