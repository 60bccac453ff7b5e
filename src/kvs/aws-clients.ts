import { KinesisVideoClient } from '@aws-sdk/client-kinesis-video'
import { KinesisVideoArchivedMediaClient } from '@aws-sdk/client-kinesis-video-archived-media'
import { LRUCache } from 'lru-cache'
import { AwsBoundedHandler } from './aws-bounded-handler.js'
import type { KvsTarget } from './kvs-target.js'
import { createWideAgent } from './wide-agent.js'

/** An account has one data endpoint for some thousand streams. */
const MAX_DATA_CLIENTS = 256
const CONNECT_TIMEOUT_MS = 5_000
/** Time limit for the response headers. GetClip sends them when it has prepared the clip. Callers can abort earlier. */
const ANSWER_TIMEOUT_MS = 60_000
/** Sockets to one host. The data plane has more, because the body of a GetClip response occupies its socket for a long time. */
const CONTROL_SOCKETS = 64
const DATA_SOCKETS = 512
/** Idle sockets of the data plane. Over plain HTTP, each holds a buffer of 1 MiB. */
const FREE_SOCKETS = 16

/** Settings of the clients of both planes. */
interface Identity {
  readonly region?: string
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

/**
 * The SDK's clients: one for the control plane, one for each data endpoint. The data clients share their sockets, so that evicting
 * one aborts no download. The retries of the SDK are off (`maxAttempts: 1`): they ignore ClientLimitExceededException
 * (kvs facts, 10) and the time limit of a request. `AwsCalls` retries instead.
 */
export class AwsClients {
  readonly control: KinesisVideoClient
  readonly #identity: Identity
  readonly #dataHandler = createDataHandler()
  readonly #dataClients = new LRUCache<string, KinesisVideoArchivedMediaClient>({ max: MAX_DATA_CLIENTS })

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
    this.#dataClients.set(endpoint, client)
    return client
  }

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
    // It copies each response for a logger, even without one. For a page of fragments, that takes almost as long as parsing it.
    client.middlewareStack.remove('loggerMiddleware')
    return client
  }
}

/** A client with a custom endpoint throws when these are on, and AWS_USE_FIPS_ENDPOINT turns them on (kvs facts, 7.3). */
const ENDPOINT_AS_GIVEN = { useFipsEndpoint: false, useDualstackEndpoint: false } as const

/** On AWS, the SDK finds credentials and the Region itself. The embedded server needs neither, but the SDK cannot sign without them. */
function toIdentity(target: KvsTarget): Identity {
  if (target.backend === 'aws') return {}
  return { region: 'us-east-1', credentials: target.accessKey ?? { accessKeyId: 'embedded', secretAccessKey: 'embedded' } }
}

const TIMEOUTS = { connectionTimeout: CONNECT_TIMEOUT_MS, requestTimeout: ANSWER_TIMEOUT_MS, throwOnRequestTimeout: true } as const

function createControlHandler(): AwsBoundedHandler {
  const sockets = { maxSockets: CONTROL_SOCKETS }
  return new AwsBoundedHandler({ ...TIMEOUTS, httpAgent: sockets, httpsAgent: sockets })
}

function createDataHandler(): AwsBoundedHandler {
  const sockets = { keepAlive: true, maxSockets: DATA_SOCKETS }
  const httpAgent = createWideAgent({ ...sockets, maxFreeSockets: FREE_SOCKETS })
  return new AwsBoundedHandler({ ...TIMEOUTS, httpAgent, httpsAgent: sockets })
}
