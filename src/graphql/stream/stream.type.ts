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
  description: 'A Kinesis video stream, usually one camera. Its fields are those of DescribeStream.',
  simpleResolvers: true,
})
export class StreamType implements StreamDescription {
  @Field(() => String, { description: 'StreamName: unique in the account and Region.' })
  readonly name!: string

  @Field(() => String, {
    description: 'StreamARN. It contains the creation time, so a new stream with the same name has another ARN.',
  })
  readonly arn!: string

  @Field(() => StreamStatusEnum, { description: 'Clips can be made while it is ACTIVE or UPDATING.' })
  readonly status!: StreamDescription['status']

  @Field(() => String, {
    nullable: true,
    description: 'For example video/h264,audio/aac; what the producer declared, not what was found. Null when nothing was declared.',
  })
  readonly mediaType!: string | null

  @Field(() => String, { nullable: true, description: 'DeviceName. Null when the stream has none.' })
  readonly deviceName!: string | null

  @Field(() => String, { nullable: true, description: 'KmsKeyId: the key that encrypts the archive.' })
  readonly kmsKeyId!: string | null

  @Field(() => String, { description: 'Version of the stream settings. It changes with each update.' })
  readonly version!: string

  @Field(() => DateTimeScalar, { name: 'createdAt', simple: false, description: 'CreationTime. By server time, no footage is older.' })
  readonly createdAtMs!: EpochMs

  @Field(() => Int, { description: 'Retention period in hours. 0 means that nothing is kept, and no clip can be made.' })
  readonly dataRetentionInHours!: number
}

export const StreamConnectionType = connectionTypes(StreamType, 'Stream', 'streams')
