import { KinesisVideoClient } from '@aws-sdk/client-kinesis-video'
import { KinesisVideoArchivedMediaClient } from '@aws-sdk/client-kinesis-video-archived-media'
import { LRUCache } from 'lru-cache'
import { AwsBoundedHandler } from './aws-bounded-handler.js'
import type { KvsTarget } from './kvs-target.js'
import { createWideAgent } from './wide-agent.js'

/** An account has one data endpoint for some thousand streams. */
const MAX_DATA_CLIENTS = 256
export interface KvsTimeouts {
  readonly connectMs: number
  /** Until the response headers of the control plane. */
  readonly controlHeadersMs: number
  /** Until the response headers of a data endpoint. GetClip sends them when it has prepared the clip. Callers can abort earlier. */
  readonly dataHeadersMs: number
}
const TIMEOUTS: KvsTimeouts = { connectMs: 5_000, controlHeadersMs: 15_000, dataHeadersMs: 60_000 }
/** Sockets to one host. The data plane has more, because the body of a GetClip response occupies its socket for a long time. */
const CONTROL_SOCKETS = 64
const DATA_SOCKETS = 512
/** Idle sockets of the data plane. Over plain HTTP, each holds a buffer of 1 MiB. */
const FREE_SOCKETS = 16

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
  readonly #dataHandler: AwsBoundedHandler
  readonly #dataClients = new LRUCache<string, KinesisVideoArchivedMediaClient>({ max: MAX_DATA_CLIENTS })

  constructor(target: KvsTarget, timeouts: KvsTimeouts = TIMEOUTS) {
    this.#identity = toIdentity(target)
    this.#dataHandler = createDataHandler(timeouts)
    this.control = new KinesisVideoClient({
      ...this.#identity,
      ...(target.endpoint === null ? {} : { endpoint: target.endpoint, ...ENDPOINT_AS_GIVEN }),
      maxAttempts: 1,
      requestHandler: createControlHandler(timeouts),
    })
  }

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

function toTimeLimits(connectionTimeout: number, requestTimeout: number) {
  return { connectionTimeout, requestTimeout, throwOnRequestTimeout: true }
}

function createControlHandler({ connectMs, controlHeadersMs }: KvsTimeouts): AwsBoundedHandler {
  const sockets = { maxSockets: CONTROL_SOCKETS }
  return new AwsBoundedHandler({ ...toTimeLimits(connectMs, controlHeadersMs), httpAgent: sockets, httpsAgent: sockets })
}

function createDataHandler({ connectMs, dataHeadersMs }: KvsTimeouts): AwsBoundedHandler {
  const sockets = { keepAlive: true, maxSockets: DATA_SOCKETS }
  const httpAgent = createWideAgent({ ...sockets, maxFreeSockets: FREE_SOCKETS })
  return new AwsBoundedHandler({ ...toTimeLimits(connectMs, dataHeadersMs), httpAgent, httpsAgent: sockets })
}
