import { Counter, Registry } from 'prom-client'
import { EXCEPTION_STATUS, FOREIGN_STATUS } from '../wire/aws-exception.js'

/** Fault rules can return any exception name, and each label value creates a time series. */
const OUTCOMES: ReadonlySet<string> = new Set([
  'ok',
  'Fault',
  'ClientLeft',
  ...Object.keys(EXCEPTION_STATUS),
  ...Object.keys(FOREIGN_STATUS),
])

/** The metrics of one embedded server, named after those of CloudWatch (GetClip.OutgoingBytes is kvs_get_clip_outgoing_bytes_total). */
export class KvsMetrics {
  readonly #registry = new Registry()
  readonly #requests = new Map<string, Counter<'outcome'>>()
  readonly #outgoingBytes = new Map<string, Counter>()
  readonly #incomingBytes: Counter
  readonly #incomingFragments: Counter

  /** Creates all counters at once, so that rates are correct from the first request. */
  constructor({ operations, mediaOperations }: { readonly operations: readonly string[]; readonly mediaOperations: readonly string[] }) {
    const registers = [this.#registry]
    const create = (name: string, help: string) => new Counter({ name: `kvs_${name}_total`, help, registers })
    for (const name of operations) {
      const help = `${name} requests, by outcome: ok, the name of the exception, or other.`
      const requests = new Counter({ name: `kvs_${snakeCase(name)}_requests_total`, help, labelNames: ['outcome'], registers })
      requests.inc({ outcome: 'ok' }, 0)
      this.#requests.set(name, requests)
    }
    for (const name of mediaOperations) {
      this.#outgoingBytes.set(name, create(`${snakeCase(name)}_outgoing_bytes`, `Bytes of media that ${name} sent.`))
    }
    this.#incomingBytes = create('put_media_incoming_bytes', 'Bytes that PutMedia received.')
    this.#incomingFragments = create('put_media_incoming_fragments', 'Whole fragments that PutMedia received.')
  }

  countRequest(operation: string, outcome: string): void {
    this.#requests.get(operation)?.inc({ outcome: OUTCOMES.has(outcome) ? outcome : 'other' })
  }

  countOutgoingBytes(operation: string, bytes: number): void {
    this.#outgoingBytes.get(operation)?.inc(bytes)
  }

  countIncomingBytes(bytes: number): void {
    this.#incomingBytes.inc(bytes)
  }

  countIncomingFragment(): void {
    this.#incomingFragments.inc()
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  write(): Promise<string> {
    return this.#registry.metrics()
  }
}

/** GetHLSStreamingSessionURL becomes get_hls_streaming_session_url. */
export function snakeCase(operation: string): string {
  return operation
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase()
}
