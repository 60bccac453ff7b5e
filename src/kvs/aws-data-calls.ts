import type { KinesisVideoArchivedMediaClient } from '@aws-sdk/client-kinesis-video-archived-media'
import type { GatewayError } from '../domain/errors.js'
import type { AwsCalls } from './aws-calls.js'
import type { AwsEndpointDirectory } from './aws-endpoints.js'
import { isEndpointSuspect, toGatewayError, toRetryKind } from './aws-errors.js'
import type { EndpointKey } from './ports.js'
import type { QuotaCost, QuotaPacer } from './quota.js'

export interface DataCall<Answer> {
  readonly operation: string
  readonly endpoint: EndpointKey
  readonly cost: QuotaCost
  readonly request: (client: KinesisVideoArchivedMediaClient) => Promise<Answer>
  /** See ClipRequestOfKvs. */
  readonly isBulk?: boolean | undefined
  /** Called each time that the request waits for the quota or is throttled. */
  readonly onThrottled?: ((reason: GatewayError) => void) | undefined
}

/** Calls to the data plane. Waits for the stream's quota, finds the endpoint, and looks it up again once if it may be the cause of an error. */
export class AwsDataCalls {
  constructor(
    private readonly calls: AwsCalls,
    private readonly endpoints: AwsEndpointDirectory,
    private readonly pacer: QuotaPacer | null,
  ) {}

  /** @throws GatewayError, or the signal's reason when the caller has left */
  run<Answer>(
    { operation, endpoint: key, cost, request, isBulk = false, onThrottled }: DataCall<Answer>,
    signal: AbortSignal,
  ): Promise<Answer> {
    let mayForget = true
    const attempt = async () => {
      const endpoint = await this.endpoints.get(key, signal)
      await this.pacer?.take(key.streamArn, { ...cost, isBulk, onWait: onThrottled }, signal)
      try {
        return await this.calls.send(operation, () => request(this.calls.clients.data(endpoint)), endpoint)
      } catch (error) {
        if (toRetryKind(error) === 'throttled') onThrottled?.(toGatewayError(error, operation))
        if (mayForget && !signal.aborted && isEndpointSuspect(error)) {
          mayForget = false
          this.endpoints.forgetIf(key, endpoint)
        }
        throw error
      }
    }
    return this.calls.repeat(operation, attempt, signal)
  }

  countBytes(operation: string, bytes: number): void {
    this.calls.countBytes(operation, bytes)
  }
}
