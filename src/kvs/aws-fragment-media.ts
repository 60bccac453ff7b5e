import { GetMediaForFragmentListCommand } from '@aws-sdk/client-kinesis-video-archived-media'
import { GatewayError } from '../domain/errors.js'
import type { AwsDataCalls } from './aws-data-calls.js'
import { openMediaBody } from './media-body.js'
import type { ClipRequestOfKvs, FragmentMediaSource } from './ports.js'

const OPERATION = 'GetMediaForFragmentList'
const MAX_FRAGMENTS = 1_000
/** The maximum size of a fragment (kvs facts, 6.2), plus its header. */
const MAX_FRAGMENT_BYTES = 52 * 1024 * 1024

export class AwsFragmentMediaSource implements FragmentMediaSource {
  constructor(private readonly data: AwsDataCalls) {}

  async getMedia(
    streamArn: string,
    fragmentNumbers: readonly string[],
    signal: AbortSignal,
    { onThrottled }: Pick<ClipRequestOfKvs, 'onThrottled'> = {},
  ): Promise<AsyncIterable<Uint8Array>> {
    const count = fragmentNumbers.length
    if (count < 1 || count > MAX_FRAGMENTS) {
      throw new GatewayError('BAD_USER_INPUT', `The number of fragments must be from 1 to ${MAX_FRAGMENTS}, got ${count}.`)
    }
    const command = new GetMediaForFragmentListCommand({ StreamARN: streamArn, Fragments: [...fragmentNumbers] })
    const answer = await this.data.run(
      {
        operation: OPERATION,
        endpoint: { streamArn, api: 'GET_MEDIA_FOR_FRAGMENT_LIST' },
        cost: { media: count, metadata: 0 },
        request: (client) => client.send(command, { abortSignal: signal }),
        onThrottled,
      },
      signal,
    )
    const { bytes } = openMediaBody(answer.Payload, {
      operation: OPERATION,
      signal,
      maxBytes: count * MAX_FRAGMENT_BYTES,
      onBytes: (received) => this.data.countBytes(OPERATION, received),
    })
    return bytes
  }
}
