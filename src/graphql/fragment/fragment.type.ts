import { Field, ID, ObjectType } from 'type-graphql'
import type { FragmentInfo } from '../../kvs/ports.js'
import type { EpochMs } from '../../lib/clock.js'
import { connectionTypes } from '../page/connection-types.js'
import { DateTimeScalar } from '../scalars/date-time.js'
import { ByteCountScalar, MillisecondsScalar } from '../scalars/whole-number.js'

@ObjectType('Fragment', {
  description: 'A fragment as Kinesis Video archives it, usually 1 to 10 seconds long. GetClip includes or omits whole fragments.',
  simpleResolvers: true,
})
export class FragmentType implements FragmentInfo {
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
    description: 'Playing time in milliseconds, as ListFragments reports it. It can be short by about one frame.',
  })
  readonly lengthMs!: number

  @Field(() => ByteCountScalar, {
    description: 'Size of the Matroska media in bytes, as ListFragments reports it. An MP4 has another size.',
  })
  readonly sizeBytes!: number
}

export const FragmentConnectionType = connectionTypes(FragmentType, 'Fragment', 'fragments')
