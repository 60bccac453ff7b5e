import type { KvsRequestListener } from '../../src/kvs/aws-calls.js'
import { createKvs, type Kvs } from '../../src/kvs/kvs.js'
import type { Clock } from '../../src/lib/clock.js'
import type { KvsWireStub } from './kvs-wire-stub.js'

/** Everything that was heard of the wire. */
export class HeardRequests implements KvsRequestListener {
  readonly requests: string[] = []
  bytes = 0

  onRequest({ operation, outcome }: { readonly operation: string; readonly outcome: string }): void {
    this.requests.push(`${operation} ${outcome}`)
  }

  onBytes(_operation: string, bytes: number): void {
    this.bytes += bytes
  }
}

/** The adapters, talking to a stub over the real SDK. */
export function createKvsForTest(
  stub: KvsWireStub,
  options: { clock?: Clock; listener?: KvsRequestListener; isPaced?: boolean } = {},
): Kvs {
  return createKvs({ target: { backend: 'embedded', endpoint: stub.url, accessKey: null }, isPaced: false, ...options })
}

/** A time limit that only a request that hangs reaches, on a busy machine too. */
export function enoughTime(): AbortSignal {
  return AbortSignal.timeout(120_000)
}
