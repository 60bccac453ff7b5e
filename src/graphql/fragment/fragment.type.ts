import { Field, ID, ObjectType } from 'type-graphql'
import type { FragmentInfo } from '../../kvs/ports.js'
import type { EpochMs } from '../../lib/clock.js'
import { connectionTypes } from '../page/connection-types.js'
import { DateTimeScalar } from '../scalars/date-time.js'
import { ByteCountScalar, MillisecondsScalar } from '../scalars/whole-number.js'

@ObjectType('Fragment', {
  description: 'A stretch of footage as Kinesis Video archives it, usually of 1 to 10 seconds: the unit that GetClip takes or leaves.',
  simpleResolvers: true,
})
export class FragmentType implements FragmentInfo {
  @Field(() => ID, { description: 'FragmentNumber of ListFragments: decimal digits, unique in the stream, growing as footage comes in.' })
  readonly fragmentNumber!: string

  @Field(() => DateTimeScalar, {
    name: 'producerTimestamp',
    simple: false,
    description: 'When the fragment starts by the clock of the producer.',
  })
  readonly producerTimestampMs!: EpochMs

  @Field(() => DateTimeScalar, {
    name: 'serverTimestamp',
    simple: false,
    description: 'When Kinesis Video received the start of the fragment.',
  })
  readonly serverTimestampMs!: EpochMs

  @Field(() => MillisecondsScalar, {
    description: 'Playing time in milliseconds as ListFragments reports it: it may be short by about one frame.',
  })
  readonly lengthMs!: number

  @Field(() => ByteCountScalar, { description: 'Size in bytes as ListFragments reports it: that of the Matroska media, not of an MP4.' })
  readonly sizeBytes!: number
}

export const FragmentConnectionType = connectionTypes(FragmentType, 'Fragment', 'fragments')
