import { KinesisVideoClient } from '@aws-sdk/client-kinesis-video'
import { KinesisVideoArchivedMediaClient } from '@aws-sdk/client-kinesis-video-archived-media'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { LRUCache } from 'lru-cache'
import { AwsBoundedHandler } from './aws-bounded-handler.js'
import type { KvsTarget } from './kvs-target.js'

/** An account has one data endpoint for some thousand streams. */
const MAX_DATA_CLIENTS = 256
const CONNECT_TIMEOUT_MS = 5_000
/** Until the headers of an answer: GetClip's come when the clip has been laid out. Callers give up earlier by their signals. */
const ANSWER_TIMEOUT_MS = 60_000
/** Sockets to one host. A GetClip body holds one for as long as it takes, so that the data plane has more. */
const CONTROL_SOCKETS = 64
const DATA_SOCKETS = 512

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
  readonly #dataHandler = createHandler(DATA_SOCKETS)
  readonly #dataClients = new LRUCache<string, KinesisVideoArchivedMediaClient>({ max: MAX_DATA_CLIENTS })

  constructor(target: KvsTarget) {
    this.#identity = toIdentity(target)
    this.control = new KinesisVideoClient({
      ...this.#identity,
      ...(target.endpoint === null ? {} : { endpoint: target.endpoint, ...ENDPOINT_AS_GIVEN }),
      maxAttempts: 1,
      requestHandler: createHandler(CONTROL_SOCKETS),
    })
  }

  /** The client for a checked data endpoint. */
  data(endpoint: string): KinesisVideoArchivedMediaClient {
    const client = this.#dataClients.get(endpoint) ?? this.#createData(endpoint)
    this.#dataClients.set(endpoint, client)
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
}

/** With an endpoint of its own a client throws before sending when these are on, and AWS_USE_FIPS_ENDPOINT turns them on (kvs facts, 7.3). */
const ENDPOINT_AS_GIVEN = { useFipsEndpoint: false, useDualstackEndpoint: false } as const

/** The embedded server needs neither account nor Region, but the SDK signs nothing without; on AWS its own chain finds both. */
function toIdentity(target: KvsTarget): Identity {
  if (target.backend === 'aws') return {}
  return { region: 'us-east-1', credentials: target.accessKey ?? { accessKeyId: 'embedded', secretAccessKey: 'embedded' } }
}

function createHandler(maxSockets: number): AwsBoundedHandler {
  const sockets = { maxSockets }
  const inner = new NodeHttpHandler({
    connectionTimeout: CONNECT_TIMEOUT_MS,
    requestTimeout: ANSWER_TIMEOUT_MS,
    throwOnRequestTimeout: true,
    httpAgent: sockets,
    httpsAgent: sockets,
  })
  return new AwsBoundedHandler(inner)
}
