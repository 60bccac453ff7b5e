import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { ClipRequestOutcome } from '../delivery/clip-service.js'
import type { SubscriptionListener } from '../graphql/subscriptions.js'
import type { DownloadListener } from './download-body.js'

/** Seconds. From cached responses to a GetClip of a long range. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

/** The Prometheus metrics of the gateway, as a listener of the parts that do the work. */
export class GatewayMetrics {
  readonly #registry = new Registry()
  readonly #registers = { registers: [this.#registry] }

  readonly #kvsRequests = new Counter({
    name: 'clipgate_kvs_requests_total',
    help: 'Requests to Kinesis Video, including retries. outcome is ok, the name of the exception, or other.',
    labelNames: ['operation', 'outcome'],
    ...this.#registers,
  })
  readonly #kvsSeconds = new Histogram({
    name: 'clipgate_kvs_request_seconds',
    help: 'Response time of Kinesis Video. For media, the time to the response headers.',
    labelNames: ['operation'],
    buckets: BUCKETS,
    ...this.#registers,
  })
  readonly #kvsBytes = new Counter({
    name: 'clipgate_kvs_bytes_total',
    help: 'Media bytes received from Kinesis Video.',
    labelNames: ['operation'],
    ...this.#registers,
  })
  readonly #clipRequests = new Counter({
    name: 'clipgate_clip_requests_total',
    help: 'Clip requests, by the source of their bytes or the reason of a refusal.',
    labelNames: ['outcome'],
    ...this.#registers,
  })
  readonly #downloads = new Counter({
    name: 'clipgate_clip_downloads_total',
    help: 'Finished downloads.',
    labelNames: ['outcome'],
    ...this.#registers,
  })
  readonly #downloadBytes = new Counter({
    name: 'clipgate_clip_download_bytes_total',
    help: 'Clip bytes sent to clients.',
    labelNames: ['outcome'],
    ...this.#registers,
  })
  readonly #activeDownloads = new Gauge({
    name: 'clipgate_clip_downloads_active',
    help: 'Running downloads.',
    ...this.#registers,
  })
  readonly #operationSeconds = new Histogram({
    name: 'clipgate_graphql_request_seconds',
    help: 'Duration of GraphQL operations. outcome is ok, or error when the response has errors.',
    labelNames: ['operation_type', 'outcome'],
    buckets: BUCKETS,
    ...this.#registers,
  })

  readonly #activeSubscriptions = new Gauge({
    name: 'clipgate_graphql_subscriptions_active',
    help: 'Running subscriptions.',
    ...this.#registers,
  })

  constructor({ storeBytes }: { readonly storeBytes: () => number }) {
    new Gauge({
      name: 'clipgate_clip_store_bytes',
      help: 'Bytes in the clip store.',
      collect() {
        this.set(storeBytes())
      },
      ...this.#registers,
    })
  }

  onRequest({ operation, outcome, seconds }: { readonly operation: string; readonly outcome: string; readonly seconds: number }): void {
    this.#kvsRequests.inc({ operation, outcome })
    this.#kvsSeconds.observe({ operation }, seconds)
  }

  onBytes(operation: string, bytes: number): void {
    this.#kvsBytes.inc({ operation }, bytes)
  }

  onClipRequest(outcome: ClipRequestOutcome): void {
    this.#clipRequests.inc({ outcome })
  }

  readonly downloads: DownloadListener = {
    began: () => this.#activeDownloads.inc(),
    ended: (outcome, bytes) => {
      this.#activeDownloads.dec()
      this.#downloads.inc({ outcome })
      this.#downloadBytes.inc({ outcome }, bytes)
    },
  }

  readonly subscriptions: SubscriptionListener = {
    began: () => this.#activeSubscriptions.inc(),
    ended: () => this.#activeSubscriptions.dec(),
  }

  onOperation({
    operationType,
    outcome,
    seconds,
  }: {
    readonly operationType: string
    readonly outcome: string
    readonly seconds: number
  }): void {
    this.#operationSeconds.observe({ operation_type: operationType, outcome }, seconds)
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  /** In the text format of Prometheus. */
  print(): Promise<string> {
    return this.#registry.metrics()
  }
}
