import { Field, Int, ObjectType } from 'type-graphql'
import type { ApiName, StreamDescription } from '../../kvs/ports.js'
import type { EpochMs } from '../../lib/clock.js'
import { connectionTypes } from '../relay/connection.type.js'
import { NodeType } from '../relay/node.type.js'
import { DateTimeScalar } from '../scalars/date-time.js'
import { enumType } from '../scalars/enum-type.js'

export const ApiNameEnum = enumType<ApiName>(
  'ApiName',
  'The Kinesis Video APIs that use a data endpoint of the stream (APIName of GetDataEndpoint).',
  {
    PUT_MEDIA: 'PutMedia: uploads footage.',
    GET_MEDIA: 'GetMedia: follows a stream as Matroska.',
    LIST_FRAGMENTS: 'ListFragments: lists archived fragments.',
    GET_MEDIA_FOR_FRAGMENT_LIST: 'GetMediaForFragmentList: returns the Matroska of given fragments.',
    GET_HLS_STREAMING_SESSION_URL: 'GetHLSStreamingSessionURL: plays footage with HLS.',
    GET_DASH_STREAMING_SESSION_URL: 'GetDASHStreamingSessionURL: plays footage with MPEG-DASH.',
    GET_CLIP: 'GetClip: returns archived footage as MP4.',
    GET_IMAGES: 'GetImages: returns still images.',
  },
)

const StreamStatusEnum = enumType<StreamDescription['status']>('StreamStatus', 'The status of a stream, as DescribeStream reports it.', {
  CREATING: 'Being created. It does not receive footage yet.',
  ACTIVE: 'Ready to receive and return footage.',
  UPDATING: 'Its settings are being changed. It still receives and returns footage.',
  DELETING: 'Being deleted.',
})

@ObjectType('Tag', { description: 'A tag of a stream, as ListTagsForStream returns it.', simpleResolvers: true })
export class TagType {
  @Field(() => String, { description: 'Unique among the tags of the stream.' })
  readonly key!: string

  @Field(() => String, { description: 'The value of the tag. It can be empty.' })
  readonly value!: string
}

/** The fields of DescribeStream. Fields that need another call are in the resolver. */
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
    description:
      'MediaType, for example video/h264,audio/aac. The producer declares it; the footage can differ. Null when it is not declared.',
  })
  readonly mediaType!: string | null

  @Field(() => String, { nullable: true, description: 'DeviceName. Null when the stream has none.' })
  readonly deviceName!: string | null

  @Field(() => String, { nullable: true, description: 'KmsKeyId: the key that encrypts the archive.' })
  readonly kmsKeyId!: string | null

  @Field(() => String, { description: 'Version of the stream settings. It changes with each update.' })
  readonly version!: string

  @Field(() => DateTimeScalar, { name: 'createdAt', simple: false, description: 'CreationTime. No footage has an older server timestamp.' })
  readonly createdAtMs!: EpochMs

  @Field(() => Int, { description: 'Retention period in hours. 0 means that the stream keeps no footage, so no clip can be made.' })
  readonly dataRetentionInHours!: number
}

export const StreamConnectionType = connectionTypes(StreamType, 'Stream', 'streams')
