import { GetDataEndpointCommand } from '@aws-sdk/client-kinesis-video'
import { LRUCache } from 'lru-cache'
import type { Clock } from '../lib/clock.js'
import { mapConcurrently } from '../lib/map-concurrently.js'
import { AnswerFields } from './answer-fields.js'
import { type AwsCalls, SharedCalls } from './aws-calls.js'
import { toGatewayError } from './aws-errors.js'
import type { DataEndpointCheck } from './data-endpoint-check.js'
import type { EndpointDirectory, EndpointKey } from './ports.js'

const OPERATION = 'GetDataEndpoint'
const MAX_ENDPOINT_CHARACTERS = 2_048
/** AWS's own clients look it up again after about this time (kvs facts, 2.3). */
const CACHE_MS = 45 * 60_000
const MAX_CACHED = 50_000
/** The account's quota is 300 calls a second. */
const CONCURRENT_LOOKUPS = 32

/** GetDataEndpoint with a cache for the whole process. https://docs.aws.amazon.com/kinesisvideostreams/latest/dg/API_GetDataEndpoint.html */
export class AwsEndpointDirectory implements EndpointDirectory {
  readonly #cached: LRUCache<string, string>
  readonly #lookups = new SharedCalls<string>(OPERATION)

  constructor(
    private readonly calls: AwsCalls,
    private readonly check: DataEndpointCheck,
    clock: Clock,
  ) {
    this.#cached = new LRUCache({ max: MAX_CACHED, ttl: CACHE_MS, ttlResolution: 0, perf: clock })
  }

  getMany(keys: readonly EndpointKey[], signal: AbortSignal): Promise<(string | Error)[]> {
    return mapConcurrently(keys, CONCURRENT_LOOKUPS, (key) =>
      this.get(key, signal).catch((error: unknown) => toGatewayError(error, OPERATION)),
    )
  }

  /** @throws GatewayError */
  async get(key: EndpointKey, signal: AbortSignal): Promise<string> {
    const text = toText(key)
    const cached = this.#cached.get(text)
    if (cached !== undefined) return cached
    return this.#lookups.run(text, (shared) => this.#lookUp(key, shared), signal)
  }

  /** Removes the endpoint from the cache, unless another call has replaced it. */
  forgetIf(key: EndpointKey, endpoint: string): void {
    const text = toText(key)
    if (this.#cached.get(text) === endpoint) this.#cached.delete(text)
  }

  async #lookUp(key: EndpointKey, signal: AbortSignal): Promise<string> {
    const request = new GetDataEndpointCommand({ StreamARN: key.streamArn, APIName: key.api })
    const answer = await this.calls.request(OPERATION, () => this.calls.clients.control.send(request, { abortSignal: signal }), signal)
    const endpoint = this.check(new AnswerFields(answer, OPERATION).text('DataEndpoint', { maxLength: MAX_ENDPOINT_CHARACTERS }))
    this.#cached.set(toText(key), endpoint)
    return endpoint
  }
}

function toText({ streamArn, api }: EndpointKey): string {
  return `${api} ${streamArn}`
}
