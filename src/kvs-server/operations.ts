// The registry: every operation of the three services that this server answers, by path.

import { HLS_RESOURCES } from './hls/hls-resources.js'
import type { KvsServices } from './kvs-services.js'
import type { Call, MediaAnswer, Operation, WireInput } from './operation.js'
import { createStream } from './operations/create-stream.js'
import { deleteStream } from './operations/delete-stream.js'
import { describeStream } from './operations/describe-stream.js'
import { describeStreamStorageConfiguration } from './operations/describe-stream-storage-configuration.js'
import { getClip } from './operations/get-clip.js'
import { getDataEndpoint } from './operations/get-data-endpoint.js'
import { getHlsStreamingSessionUrl } from './operations/get-hls-streaming-session-url.js'
import { getMedia } from './operations/get-media.js'
import { getMediaForFragmentList } from './operations/get-media-for-fragment-list.js'
import { listFragments } from './operations/list-fragments.js'
import { listStreams } from './operations/list-streams.js'
import { listTagsForResource } from './operations/list-tags-for-resource.js'
import { listTagsForStream } from './operations/list-tags-for-stream.js'
import { tagResource } from './operations/tag-resource.js'
import { tagStream } from './operations/tag-stream.js'
import { untagResource } from './operations/untag-resource.js'
import { untagStream } from './operations/untag-stream.js'
import { updateDataRetention } from './operations/update-data-retention.js'
import { updateStream } from './operations/update-stream.js'
import { updateStreamStorageConfiguration } from './operations/update-stream-storage-configuration.js'
import { createRefusal, REFUSED_OPERATIONS } from './refused-operations.js'

/** An operation with its input type hidden. */
export interface ServedOperation {
  readonly name: string
  readonly path: string
  /** Refuses a bad input at once; what it returns then does the work. */
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

/** All that is counted, and that a fault rule may be about: operations, uploads, and what players ask of a streaming session. */
export const COUNTED_OPERATIONS: readonly string[] = [
  ...servedOperations.map(({ name }) => name),
  'PutMedia',
  ...HLS_RESOURCES.map(({ name }) => name),
]
