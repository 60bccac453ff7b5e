import { Agent as HttpsAgent } from 'node:https'
import { KinesisVideoClient } from '@aws-sdk/client-kinesis-video'
import { KinesisVideoArchivedMediaClient } from '@aws-sdk/client-kinesis-video-archived-media'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { AwsBoundedHandler } from './aws-bounded-handler.js'
import type { KvsTarget } from './kvs-target.js'
import { createWideAgent } from './wide-agent.js'

/** Data endpoints are few (one for some thousand streams of an account); the oldest client goes when there are more. */
const MAX_DATA_CLIENTS = 256
const CONNECT_TIMEOUT_MS = 5_000
/** Until the headers of an answer: GetClip's come when the clip has been laid out. Callers give up earlier by their signals. */
const ANSWER_TIMEOUT_MS = 60_000
/** Sockets to one host. A GetClip body holds one for as long as it takes, so that the data plane has more. */
const CONTROL_SOCKETS = 64
const DATA_SOCKETS = 512
/** Sockets of the data plane that wait for their next request; each holds a buffer of a mebibyte. */
const FREE_SOCKETS = 16

/** Settings that clients of both planes take. */
interface Identity {
  readonly region?: string
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

/**
 * The SDK's clients: one for the control plane, one for each data endpoint. The data clients share their sockets, so that forgetting
 * one cuts nobody's download. The SDK's own repeating is off (`maxAttempts: 1`): it passes over ClientLimitExceededException
 * (kvs facts, 10) and does not know what a request has time for; `AwsCalls` repeats instead.
 */
export class AwsClients {
  readonly control: KinesisVideoClient
  readonly #identity: Identity
  readonly #dataHandler = createDataHandler()
  readonly #dataClients = new Map<string, KinesisVideoArchivedMediaClient>()

  constructor(target: KvsTarget) {
    this.#identity = toIdentity(target)
    this.control = new KinesisVideoClient({
      ...this.#identity,
      ...(target.endpoint === null ? {} : { endpoint: target.endpoint, ...ENDPOINT_AS_GIVEN }),
      maxAttempts: 1,
      requestHandler: createControlHandler(),
    })
  }

  /** The client for a checked data endpoint. */
  data(endpoint: string): KinesisVideoArchivedMediaClient {
    const client = this.#dataClients.get(endpoint) ?? this.#createData(endpoint)
    this.#dataClients.delete(endpoint)
    this.#dataClients.set(endpoint, client)
    if (this.#dataClients.size > MAX_DATA_CLIENTS) this.#forgetOldest()
    return client
  }

  /** Cuts what is under way. */
  close(): void {
    this.control.destroy()
    this.#dataHandler.destroy()
    this.#dataClients.clear()
  }

  #createData(endpoint: string): KinesisVideoArchivedMediaClient {
    const client = new KinesisVideoArchivedMediaClient({
      ...this.#identity,
      ...ENDPOINT_AS_GIVEN,
      endpoint,
      maxAttempts: 1,
      requestHandler: this.#dataHandler,
    })
    // It copies every answer for a log that there is not; of a page of fragments that takes nearly as long as reading it.
    client.middlewareStack.remove('loggerMiddleware')
    return client
  }

  #forgetOldest(): void {
    const [oldest] = this.#dataClients.keys()
    if (oldest !== undefined) this.#dataClients.delete(oldest)
  }
}

/** With an endpoint of its own a client throws before sending when these are on, and AWS_USE_FIPS_ENDPOINT turns them on (kvs facts, 7.3). */
const ENDPOINT_AS_GIVEN = { useFipsEndpoint: false, useDualstackEndpoint: false } as const

/** The embedded server needs neither account nor Region, but the SDK signs nothing without; on AWS its own chain finds both. */
function toIdentity(target: KvsTarget): Identity {
  if (target.backend === 'aws') return {}
  return { region: 'us-east-1', credentials: target.accessKey ?? { accessKeyId: 'embedded', secretAccessKey: 'embedded' } }
}

const TIMEOUTS = { connectionTimeout: CONNECT_TIMEOUT_MS, requestTimeout: ANSWER_TIMEOUT_MS, throwOnRequestTimeout: true } as const

/** Answers of the control plane are small: the SDK's own agent reads them. A wide socket would allocate a mebibyte for each. */
function createControlHandler(): AwsBoundedHandler {
  const sockets = { maxSockets: CONTROL_SOCKETS }
  return new AwsBoundedHandler(new NodeHttpHandler({ ...TIMEOUTS, httpAgent: sockets, httpsAgent: sockets }))
}

function createDataHandler(): AwsBoundedHandler {
  const sockets = { keepAlive: true, maxSockets: DATA_SOCKETS }
  const inner = new NodeHttpHandler({
    ...TIMEOUTS,
    httpAgent: createWideAgent({ ...sockets, maxFreeSockets: FREE_SOCKETS }),
    httpsAgent: new HttpsAgent(sockets),
  })
  return new AwsBoundedHandler(inner)
}
