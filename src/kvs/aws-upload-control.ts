import { CreateStreamCommand, DescribeStreamCommand, GetDataEndpointCommand } from '@aws-sdk/client-kinesis-video'
import { GatewayError } from '../domain/errors.js'
import { sleep } from '../lib/clock.js'
import { AnswerFields } from './answer-fields.js'
import type { AwsCalls } from './aws-calls.js'
import { awsExceptionOf } from './aws-errors.js'
import type { DataEndpointCheck } from './data-endpoint-check.js'

export interface NewStream {
  readonly dataRetentionInHours: number
  readonly mediaType?: string
}

const ACTIVE_POLL_MS = 500

export class AwsUploadControl {
  constructor(
    private readonly calls: AwsCalls,
    private readonly check: DataEndpointCheck,
  ) {}

  async getEndpoint(streamName: string, signal: AbortSignal): Promise<string> {
    const command = new GetDataEndpointCommand({ StreamName: streamName, APIName: 'PUT_MEDIA' })
    const answer = await this.calls.request(
      'GetDataEndpoint',
      () => this.calls.clients.control.send(command, { abortSignal: signal }),
      signal,
    )
    return this.check(new AnswerFields(answer, 'GetDataEndpoint').text('DataEndpoint', { maxLength: 2_048 }))
  }

  /** Creates the stream if it does not exist, and waits until it is active. */
  async ensureStream(streamName: string, stream: NewStream, signal: AbortSignal): Promise<void> {
    while ((await this.#findStatus(streamName, signal)) !== 'ACTIVE') {
      await this.#create(streamName, stream, signal)
      await sleep(ACTIVE_POLL_MS, signal)
    }
  }

  /** The signing options of the SDK's own client. */
  async signer() {
    const { region, credentials, sha256 } = this.calls.clients.control.config
    return { region: await region(), credentials: await credentials(), sha256 }
  }

  async #findStatus(streamName: string, signal: AbortSignal): Promise<string | null> {
    const command = new DescribeStreamCommand({ StreamName: streamName })
    try {
      const answer = await this.calls.request(
        'DescribeStream',
        () => this.calls.clients.control.send(command, { abortSignal: signal }),
        signal,
      )
      return answer.StreamInfo?.Status ?? null
    } catch (error) {
      if (awsExceptionOf(error)?.name === 'ResourceNotFoundException') return null
      throw error
    }
  }

  async #create(streamName: string, { dataRetentionInHours, mediaType }: NewStream, signal: AbortSignal): Promise<void> {
    const command = new CreateStreamCommand({
      StreamName: streamName,
      DataRetentionInHours: dataRetentionInHours,
      ...(mediaType === undefined ? {} : { MediaType: mediaType }),
    })
    try {
      await this.calls.request('CreateStream', () => this.calls.clients.control.send(command, { abortSignal: signal }), signal)
    } catch (error) {
      // Another client has created it, or it is still being created.
      if (awsExceptionOf(error)?.name !== 'ResourceInUseException') throw toCreateError(error, streamName)
    }
  }
}

function toCreateError(error: unknown, streamName: string): unknown {
  if (!(error instanceof GatewayError)) return error
  return new GatewayError(error.code, `The stream ${streamName} could not be created: ${error.message}`, error.details, {
    cause: error.cause,
  })
}
