import { Field, Int, ObjectType } from 'type-graphql'
import type { StreamDescription } from '../../kvs/ports.js'
import type { EpochMs } from '../../lib/clock.js'
import { NodeType } from '../node/node.type.js'
import { connectionTypes } from '../page/connection-types.js'
import { DateTimeScalar } from '../scalars/date-time.js'
import { StreamStatusEnum } from './stream-status.js'

/** The fields that come with the description itself; those that cost a call are in the resolver. */
@ObjectType('Stream', {
  implements: NodeType,
  description: 'A Kinesis video stream: one camera, usually. Its fields are those of DescribeStream.',
  simpleResolvers: true,
})
export class StreamType implements StreamDescription {
  @Field(() => String, { description: 'StreamName: unique in the account and region.' })
  readonly name!: string

  @Field(() => String, {
    description: 'StreamARN. It ends in the creation time, so a stream that is made anew under the same name has another.',
  })
  readonly arn!: string

  @Field(() => StreamStatusEnum, { description: 'Clips can be made while it is ACTIVE or UPDATING.' })
  readonly status!: StreamDescription['status']

  @Field(() => String, {
    nullable: true,
    description: 'For example video/h264,audio/aac; what the producer declared, not what was found. Null when nothing was declared.',
  })
  readonly mediaType!: string | null

  @Field(() => String, { nullable: true, description: 'DeviceName. Null when none was given.' })
  readonly deviceName!: string | null

  @Field(() => String, { nullable: true, description: 'KmsKeyId: the key that the archive is encrypted with.' })
  readonly kmsKeyId!: string | null

  @Field(() => String, { description: 'Version of the stream’s settings, new with each change.' })
  readonly version!: string

  @Field(() => DateTimeScalar, { name: 'createdAt', simple: false, description: 'CreationTime. By server time no footage is older.' })
  readonly createdAtMs!: EpochMs

  @Field(() => Int, { description: 'How many hours footage is kept. 0 means that nothing is kept, and no clip can be made.' })
  readonly dataRetentionInHours!: number
}

export const StreamConnectionType = connectionTypes(StreamType, 'Stream', 'streams')
