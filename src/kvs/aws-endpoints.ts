import { GetDataEndpointCommand } from '@aws-sdk/client-kinesis-video'
import { LRUCache } from 'lru-cache'
import { GatewayError } from '../domain/errors.js'
import { type Clock, systemClock } from '../lib/clock.js'
import { SingleFlight } from '../lib/single-flight.js'
import { AnswerFields } from './answer-fields.js'
import { type AwsCalls, toAbortError } from './aws-calls.js'
import type { AwsClients } from './aws-clients.js'
import { toGatewayError } from './aws-errors.js'
import type { DataEndpointCheck } from './data-endpoint-check.js'
import { mapConcurrently } from './map-concurrently.js'
import type { EndpointDirectory, EndpointKey } from './ports.js'

const OPERATION = 'GetDataEndpoint'
/** AWS's own clients ask again after about as long (kvs facts, 2.3). */
const MAX_ENDPOINT_CHARACTERS = 2_048
const REMEMBERED_MS = 45 * 60_000
const MAX_REMEMBERED = 50_000
/** The account's quota is 300 calls a second. */
const CONCURRENT_LOOKUPS = 32

/** GetDataEndpoint behind the memory of the whole process. https://docs.aws.amazon.com/kinesisvideostreams/latest/dg/API_GetDataEndpoint.html */
export class AwsEndpointDirectory implements EndpointDirectory {
  readonly #clients: AwsClients
  readonly #calls: AwsCalls
  readonly #check: DataEndpointCheck
  readonly #remembered: LRUCache<string, string>
  readonly #flights = new SingleFlight<string>()

  constructor(options: { clients: AwsClients; calls: AwsCalls; check: DataEndpointCheck; clock?: Clock }) {
    this.#clients = options.clients
    this.#calls = options.calls
    this.#check = options.check
    this.#remembered = new LRUCache({ max: MAX_REMEMBERED, ttl: REMEMBERED_MS, ttlResolution: 0, perf: options.clock ?? systemClock })
  }

  getMany(keys: readonly EndpointKey[], signal: AbortSignal): Promise<(string | Error)[]> {
    return mapConcurrently(keys, CONCURRENT_LOOKUPS, (key) =>
      this.get(key, signal).catch((error: unknown) => toGatewayError(error, OPERATION)),
    )
  }

  /** @throws GatewayError */
  async get(key: EndpointKey, signal: AbortSignal): Promise<string> {
    const text = toText(key)
    const remembered = this.#remembered.get(text)
    if (remembered !== undefined) return remembered
    try {
      return await this.#flights.run(text, (shared) => this.#lookUp(key, shared), signal)
    } catch (error) {
      throw signal.aborted && !(error instanceof GatewayError) ? toAbortError(OPERATION, signal) : error
    }
  }

  forget(key: EndpointKey): void {
    this.#remembered.delete(toText(key))
  }

  /** Forgets the endpoint unless another call has looked it up anew meanwhile. */
  forgetIf(key: EndpointKey, endpoint: string): void {
    if (this.#remembered.get(toText(key)) === endpoint) this.forget(key)
  }

  async #lookUp(key: EndpointKey, signal: AbortSignal): Promise<string> {
    const request = new GetDataEndpointCommand({ StreamARN: key.streamArn, APIName: key.api })
    const attempt = () => this.#calls.send(OPERATION, () => this.#clients.control.send(request, { abortSignal: signal }))
    const answer = await this.#calls.repeat(OPERATION, attempt, signal)
    const endpoint = this.#check(new AnswerFields(answer, OPERATION).text('DataEndpoint', { maxLength: MAX_ENDPOINT_CHARACTERS }))
    this.#remembered.set(toText(key), endpoint)
    return endpoint
  }
}

function toText({ streamArn, api }: EndpointKey): string {
  return `${api} ${streamArn}`
}
