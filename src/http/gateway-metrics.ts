import { Counter, Gauge, Histogram, type MetricObjectWithValues, type MetricValue, Registry } from 'prom-client'
import type { ClipRequestOutcome } from '../delivery/clip-service.js'
import type { OperationListener } from '../graphql/operation-plugin.js'
import type { SubscriptionListener } from '../graphql/subscriptions.js'
import type { DownloadListener } from './send-body.js'

/** Seconds. From cached responses to a GetClip of a long range. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

/** The Prometheus metrics of the gateway, as a listener of the parts that do the work. */
export class GatewayMetrics {
  readonly #registry = new Registry()
  readonly #kvsRequests = this.#counter(
    'clipgate_kvs_requests_total',
    'Requests to Kinesis Video, including retries. outcome is ok, the name of the exception, or other.',
    ['operation', 'outcome'],
  )
  readonly #kvsSeconds = this.#histogram(
    'clipgate_kvs_request_seconds',
    'Response time of Kinesis Video. For media, the time to the response headers.',
    ['operation'],
  )
  readonly #kvsBytes = this.#counter('clipgate_kvs_bytes_total', 'Media bytes received from Kinesis Video.', ['operation'])
  readonly #pausedEndpoints = this.#gauge(
    'clipgate_kvs_endpoints_paused',
    'Endpoints of Kinesis Video that are not called because they fail.',
  )
  readonly #clipRequests = this.#counter(
    'clipgate_clip_requests_total',
    'Clip requests, by the source of their bytes or the reason of a refusal.',
    ['outcome'],
  )
  readonly #downloads = this.#counter('clipgate_clip_downloads_total', 'Finished downloads.', ['outcome'])
  readonly #downloadBytes = this.#counter('clipgate_clip_download_bytes_total', 'Clip bytes sent to clients.', ['outcome'])
  readonly #activeDownloads = this.#gauge('clipgate_clip_downloads_active', 'Running downloads.')
  readonly #operationSeconds = this.#histogram(
    'clipgate_graphql_request_seconds',
    'Duration of GraphQL operations. outcome is ok, or error when the response has errors. With TRUSTED_DOCUMENTS, operation_name is the name.',
    ['operation_type', 'outcome', 'operation_name'],
  )
  readonly #activeSubscriptions = this.#gauge('clipgate_graphql_subscriptions_active', 'Running subscriptions.')

  readonly #authFileReads = this.#counter(
    'clipgate_auth_file_reads_total',
    'Reads of API_KEYS_FILE at the start and after each change. outcome is ok, or invalid: the last valid version stays in force.',
    ['file', 'outcome'],
  )

  constructor({ storeBytes }: { readonly storeBytes: () => number }) {
    const gauge: Gauge = this.#gauge('clipgate_clip_store_bytes', 'Bytes in the clip store.', () => gauge.set(storeBytes()))
  }

  #counter<Label extends string>(name: string, help: string, labelNames: Label[]): Counter<Label> {
    return new Counter({ name, help, labelNames, registers: [this.#registry] })
  }

  #histogram<Label extends string>(name: string, help: string, labelNames: Label[]): Histogram<Label> {
    return new Histogram({ name, help, labelNames, buckets: BUCKETS, registers: [this.#registry] })
  }

  #gauge(name: string, help: string, collect?: () => void): Gauge {
    return new Gauge({ name, help, registers: [this.#registry], ...(collect && { collect }) })
  }

  onRequest({ operation, outcome, seconds }: { readonly operation: string; readonly outcome: string; readonly seconds: number }): void {
    this.#kvsRequests.inc({ operation, outcome })
    this.#kvsSeconds.observe({ operation }, seconds)
  }

  onBytes(operation: string, bytes: number): void {
    this.#kvsBytes.inc({ operation }, bytes)
  }

  onPause(_endpoint: string, isPaused: boolean): void {
    if (isPaused) this.#pausedEndpoints.inc()
    else this.#pausedEndpoints.dec()
  }

  onClipRequest(outcome: ClipRequestOutcome): void {
    this.#clipRequests.inc({ outcome })
  }

  onAuthFileRead(file: string, outcome: 'ok' | 'invalid'): void {
    this.#authFileReads.inc({ file, outcome })
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

  onOperation({ operationType, name, outcome, seconds }: Parameters<OperationListener['onOperation']>[0]): void {
    this.#operationSeconds.observe({ operation_type: operationType, outcome, ...(name === null ? {} : { operation_name: name }) }, seconds)
  }

  read(): Promise<MetricObjectWithValues<MetricValue<string>>[]> {
    return this.#registry.getMetricsAsJSON()
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  /** In the text format of Prometheus. */
  print(): Promise<string> {
    return this.#registry.metrics()
  }
}
