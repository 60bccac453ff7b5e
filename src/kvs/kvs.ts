import { type Clock, systemClock } from '../lib/clock.js'
import { AwsBreakers } from './aws-breakers.js'
import { AwsCalls, type KvsRequestListener } from './aws-calls.js'
import { checkKvs, checkSetup } from './aws-check.js'
import { AwsClients, type KvsTimeouts } from './aws-clients.js'
import { AwsClipSource } from './aws-clips.js'
import { AwsDataCalls } from './aws-data-calls.js'
import { DenialLog } from './aws-denials.js'
import { AwsEndpointDirectory } from './aws-endpoints.js'
import { AwsFragmentMediaSource } from './aws-fragment-media.js'
import { AwsFragmentLister } from './aws-fragments.js'
import { AwsHlsSessionSource } from './aws-hls.js'
import { AwsStreamCatalog } from './aws-streams.js'
import { createDataEndpointCheck } from './data-endpoint-check.js'
import type { KvsTarget } from './kvs-target.js'
import type {
  ClipSource,
  EndpointDirectory,
  FragmentLister,
  FragmentMediaSource,
  HlsSessionSource,
  QuotaBook,
  StreamCatalog,
} from './ports.js'
import { QuotaPacer, toStreamQuota } from './quota.js'

/** The ports of Kinesis Video, with implementations that share their clients. */
export interface Kvs {
  readonly streams: StreamCatalog
  readonly endpoints: EndpointDirectory
  readonly fragments: FragmentLister
  readonly clips: ClipSource
  readonly fragmentMedia: FragmentMediaSource
  readonly hls: HlsSessionSource
  readonly quotas: QuotaBook
  /** At the start of a program: checks that there are a Region and credentials. @throws GatewayError with a message for the operator */
  checkSetup(): Promise<void>
  /** For /health/ready: also checks that the control plane accepts the credentials. @throws GatewayError */
  check(signal: AbortSignal): Promise<void>
  /** Aborts running requests. */
  close(): void
}

export interface KvsOptions {
  readonly target: KvsTarget
  /** False for a service without quotas: the embedded server with KVS_QUOTAS=off. */
  readonly isPaced?: boolean
  readonly listener?: KvsRequestListener
  /** Called when AWS refuses calls, at most once a minute for each cause. */
  readonly warn?: (message: string, error: unknown) => void
  readonly clock?: Clock
  readonly timeouts?: KvsTimeouts
}

export function createKvs({ target, isPaced = true, listener, warn, clock = systemClock, timeouts }: KvsOptions): Kvs {
  const clients = new AwsClients(target, timeouts)
  const denials = warn && new DenialLog(warn, clock)
  const onPause = (endpoint: string, isPaused: boolean) => {
    warn?.(`Calls to ${endpoint} of Kinesis Video ${isPaused ? 'pause, because they fail' : 'continue'}.`, null)
    listener?.onPause(endpoint, isPaused)
  }
  const calls = new AwsCalls(clients, listener, denials, new AwsBreakers({ onPause }))
  const pacer = isPaced ? new QuotaPacer(clock) : null
  const check = createDataEndpointCheck(target)
  const endpoints = new AwsEndpointDirectory(calls, check, clock)
  const streams = new AwsStreamCatalog(calls, target.backend === 'aws', clock)
  const data = new AwsDataCalls(calls, endpoints, pacer)
  return {
    streams,
    endpoints,
    fragments: new AwsFragmentLister(data, streams),
    clips: new AwsClipSource(data, streams, clock),
    fragmentMedia: new AwsFragmentMediaSource(data),
    hls: new AwsHlsSessionSource(data, check),
    quotas: { read: async (streamArn) => toStreamQuota(pacer?.available(streamArn)) },
    checkSetup: () => checkSetup(clients),
    check: (signal) => checkKvs(calls, signal),
    close: () => clients.close(),
  }
}
