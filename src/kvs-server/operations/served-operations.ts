// The registry of all operations of the three services that this server answers.
import { HLS_RESOURCES } from '../hls/hls-resources.js'
import { AwsException } from '../wire/aws-exception.js'
import type { Call, MediaAnswer, Operation } from '../wire/operation.js'
import type { WireInput } from '../wire/wire-input.js'
import { createStream } from './create-stream.js'
import { deleteStream } from './delete-stream.js'
import { describeStream } from './describe-stream.js'
import { describeStreamStorageConfiguration } from './describe-stream-storage-configuration.js'
import { getClip } from './get-clip.js'
import { getDataEndpoint } from './get-data-endpoint.js'
import { getHlsStreamingSessionUrl } from './get-hls-streaming-session-url.js'
import { getMedia } from './get-media.js'
import { getMediaForFragmentList } from './get-media-for-fragment-list.js'
import type { KvsServices } from './kvs-services.js'
import { listFragments } from './list-fragments.js'
import { listStreams } from './list-streams.js'
import { listTagsForResource } from './list-tags-for-resource.js'
import { listTagsForStream } from './list-tags-for-stream.js'
import { tagResource } from './tag-resource.js'
import { tagStream } from './tag-stream.js'
import { untagResource } from './untag-resource.js'
import { untagStream } from './untag-stream.js'
import { updateDataRetention } from './update-data-retention.js'
import { updateStream } from './update-stream.js'
import { updateStreamStorageConfiguration } from './update-stream-storage-configuration.js'

/** An operation with its input type hidden. */
export interface ServedOperation {
  readonly name: string
  readonly path: string
  /** Refuses invalid input. The returned function runs the operation. */
  readonly accept: (input: WireInput) => (services: KvsServices, call: Call) => Promise<object | MediaAnswer> | object | MediaAnswer
}

function serve<Input>(operation: Operation<Input, KvsServices>): ServedOperation {
  return {
    name: operation.name,
    path: pathOf(operation.name),
    accept: (body) => {
      const input = operation.parse(body)
      return (services, call) => operation.run(input, services, call)
    },
  }
}

const CAPITAL_PATHS: readonly string[] = ['TagResource', 'UntagResource', 'ListTagsForResource']

export function pathOf(name: string): string {
  return CAPITAL_PATHS.includes(name) ? `/${name}` : `/${name.charAt(0).toLowerCase()}${name.slice(1)}`
}

/** Operations that this server does not offer because clips do not need them. The refusal names the operation. */
export const REFUSED_OPERATIONS = [
  'CreateSignalingChannel',
  'DeleteEdgeConfiguration',
  'DeleteSignalingChannel',
  'DescribeEdgeConfiguration',
  'DescribeImageGenerationConfiguration',
  'DescribeMappedResourceConfiguration',
  'DescribeMediaStorageConfiguration',
  'DescribeNotificationConfiguration',
  'DescribeSignalingChannel',
  'GetDASHStreamingSessionURL',
  'GetImages',
  'GetSignalingChannelEndpoint',
  'ListEdgeAgentConfigurations',
  'ListSignalingChannels',
  'StartEdgeConfigurationUpdate',
  'UpdateImageGenerationConfiguration',
  'UpdateMediaStorageConfiguration',
  'UpdateNotificationConfiguration',
  'UpdateSignalingChannel',
] as const

// The exceptions of the models would tell a program that its input or its permissions are wrong. AWS uses this name for operations that a host
// does not have, and every client shows it.
export function createRefusal(name: (typeof REFUSED_OPERATIONS)[number]): Operation<never, unknown> {
  return {
    name,
    parse() {
      throw new AwsException('UnknownOperationException', `${name} is not offered by this server (clipgate's embedded KVS)`)
    },
    run: (input) => input,
  }
}

export const servedOperations: readonly ServedOperation[] = [
  serve(createStream),
  serve(deleteStream),
  serve(describeStream),
  serve(describeStreamStorageConfiguration),
  serve(getClip),
  serve(getDataEndpoint),
  serve(getHlsStreamingSessionUrl),
  serve(getMedia),
  serve(getMediaForFragmentList),
  serve(listFragments),
  serve(listStreams),
  serve(listTagsForResource),
  serve(listTagsForStream),
  serve(tagResource),
  serve(tagStream),
  serve(untagResource),
  serve(untagStream),
  serve(updateDataRetention),
  serve(updateStream),
  serve(updateStreamStorageConfiguration),
  ...REFUSED_OPERATIONS.map((name) => serve(createRefusal(name))),
]

/** Operations that answer with media rather than JSON: their bytes are counted. */
export const MEDIA_OPERATIONS: readonly string[] = ['GetClip', 'GetMedia', 'GetMediaForFragmentList', 'GetMP4MediaFragment']

/** The names in metrics and fault rules: operations, PutMedia, and the requests of HLS players. */
export const COUNTED_OPERATIONS: readonly string[] = [
  ...servedOperations.map(({ name }) => name),
  'PutMedia',
  ...HLS_RESOURCES.map(({ name }) => name),
]
