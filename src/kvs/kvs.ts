import type { Clock } from '../lib/clock.js'
import { AwsCalls } from './aws-calls.js'
import { checkKvs, checkSetup } from './aws-check.js'
import { AwsClients } from './aws-clients.js'
import { AwsClipSource } from './aws-clips.js'
import { AwsDataCalls } from './aws-data-calls.js'
import { AwsEndpointDirectory } from './aws-endpoints.js'
import { AwsFragmentMediaSource } from './aws-fragment-media.js'
import { AwsFragmentLister } from './aws-fragments.js'
import { AwsHlsSessionSource } from './aws-hls.js'
import { AwsStreamCatalog } from './aws-streams.js'
import { createDataEndpointCheck } from './data-endpoint-check.js'
import { DenialLog } from './denial-log.js'
import type { KvsTarget } from './kvs-target.js'
import type { ClipSource, EndpointDirectory, FragmentLister, FragmentMediaSource, HlsSessionSource, StreamCatalog } from './ports.js'
import { QuotaPacer } from './quota.js'
import { type KvsRequestListener, silentListener } from './request-listener.js'

/** Kinesis Video as the gateway uses it: each port with its implementation, all over the same clients. */
export interface Kvs {
  readonly streams: StreamCatalog
  readonly endpoints: EndpointDirectory
  readonly fragments: FragmentLister
  readonly clips: ClipSource
  readonly fragmentMedia: FragmentMediaSource
  readonly hls: HlsSessionSource
  /** For a program that starts: whether a Region and credentials can be found. @throws GatewayError with a sentence for the operator */
  checkSetup(): Promise<void>
  /** For /health/ready: that, and whether the control plane takes them. @throws GatewayError */
  check(signal: AbortSignal): Promise<void>
  /** Cuts what is under way. */
  close(): void
}

export interface KvsOptions {
  readonly target: KvsTarget
  /** False where the service keeps no quotas: the embedded server with KVS_QUOTAS=off. */
  readonly isPaced?: boolean
  readonly listener?: KvsRequestListener
  /** Hears why AWS refuses calls, each cause at most once a minute. */
  readonly warn?: (message: string, error: unknown) => void
  readonly clock?: Clock
}

export function createKvs({ target, isPaced = true, listener = silentListener, warn, clock }: KvsOptions): Kvs {
  const time = clock === undefined ? {} : { clock }
  const clients = new AwsClients(target)
  const denials = warn === undefined ? null : new DenialLog({ warn, clock })
  const calls = new AwsCalls({ listener, denials })
  const pacer = isPaced ? new QuotaPacer(time) : null
  const check = createDataEndpointCheck(target)
  const endpoints = new AwsEndpointDirectory({ clients, calls, check, ...time })
  const streams = new AwsStreamCatalog({ clients, calls, isRegional: target.backend === 'aws', ...time })
  const data = new AwsDataCalls({ clients, calls, endpoints, pacer })
  return {
    streams,
    endpoints,
    fragments: new AwsFragmentLister({ data, streams }),
    clips: new AwsClipSource({ data, streams, ...time }),
    fragmentMedia: new AwsFragmentMediaSource({ data }),
    hls: new AwsHlsSessionSource({ data, check }),
    checkSetup: () => checkSetup(clients),
    check: (signal) => checkKvs({ clients, calls }, signal),
    close: () => clients.close(),
  }
}
