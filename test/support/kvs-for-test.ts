import type { KvsRequestListener } from '../../src/kvs/aws-calls.js'
import type { KvsTimeouts } from '../../src/kvs/aws-clients.js'
import { createKvs, type Kvs } from '../../src/kvs/kvs.js'
import type { Clock } from '../../src/lib/clock.js'
import type { KvsWireStub } from './kvs-wire-stub.js'

/** Everything that the wire metrics recorded. */
export class HeardRequests implements KvsRequestListener {
  readonly requests: string[] = []
  bytes = 0

  onRequest({ operation, outcome }: { readonly operation: string; readonly outcome: string }): void {
    this.requests.push(`${operation} ${outcome}`)
  }

  readonly pauses: boolean[] = []

  onPause(_endpoint: string, isPaused: boolean): void {
    this.pauses.push(isPaused)
  }

  onBytes(_operation: string, bytes: number): void {
    this.bytes += bytes
  }
}

/** The adapters, connected to a stub through the real SDK. */
export function createKvsForTest(
  stub: Pick<KvsWireStub, 'url'>,
  options: {
    clock?: Clock
    listener?: KvsRequestListener
    isPaced?: boolean
    timeouts?: KvsTimeouts
    warn?: (message: string) => void
  } = {},
): Kvs {
  return createKvs({ target: { backend: 'embedded', endpoint: stub.url, accessKey: null }, isPaced: false, ...options })
}

/** On a busy machine, only a request that hangs reaches this time limit. */
export function enoughTime(): AbortSignal {
  return AbortSignal.timeout(120_000)
}
