import { emptyResource } from '@opentelemetry/resources'
import { type MetricProducer, PeriodicExportingMetricReader, type PushMetricExporter } from '@opentelemetry/sdk-metrics'
import { NodeSDK } from '@opentelemetry/sdk-node'
import { within } from '../lib/clock.js'
import { turnTracingOn } from '../lib/tracing.js'
import { type PrometheusMetric, toMetricData } from './metric-data.js'

const METER = 'clipgate'
const MAX_FLUSH_MS = 3_000

export interface TelemetryOptions {
  readonly serviceName: string
  readonly hasMetrics: boolean
  /** Whether metrics are sent as JSON instead of protobuf. */
  readonly isJson: boolean
  readonly metricIntervalMs: number
}

export interface Telemetry extends AsyncDisposable {
  /** Sends these metrics. */
  watch(read: () => Promise<readonly PrometheusMetric[]>): void
}

/** Starts the SDK of OpenTelemetry. It takes its other settings from OTEL_* variables. Disposal sends what is left. */
export async function openTelemetry({ serviceName, hasMetrics, isJson, metricIntervalMs }: TelemetryOptions): Promise<Telemetry> {
  const startedAtMs = Date.now()
  let readMetrics = async (): Promise<readonly PrometheusMetric[]> => []
  const producer: MetricProducer = {
    async collect() {
      const metrics = toMetricData(await readMetrics(), { startedAtMs, nowMs: Date.now() })
      return { resourceMetrics: { resource: emptyResource(), scopeMetrics: [{ scope: { name: METER }, metrics }] }, errors: [] }
    },
  }
  const readers = hasMetrics ? [await createReader(producer, isJson, metricIntervalMs)] : []
  const sdk = new NodeSDK({ serviceName, metricReaders: readers, logRecordProcessors: [], instrumentations: [] })
  sdk.start()
  turnTracingOn()
  return {
    watch(read) {
      readMetrics = read
    },
    // A collector that is away must not keep the gateway from stopping.
    async [Symbol.asyncDispose]() {
      await within(
        sdk.shutdown().catch(() => undefined),
        MAX_FLUSH_MS,
      )
    },
  }
}

async function createReader(producer: MetricProducer, isJson: boolean, intervalMs: number): Promise<PeriodicExportingMetricReader> {
  return new PeriodicExportingMetricReader({
    exporter: await createExporter(isJson),
    metricProducers: [producer],
    exportIntervalMillis: intervalMs,
    // Not longer than the interval.
    exportTimeoutMillis: Math.min(intervalMs, 30_000),
  })
}

async function createExporter(isJson: boolean): Promise<PushMetricExporter> {
  if (isJson) return new (await import('@opentelemetry/exporter-metrics-otlp-http')).OTLPMetricExporter()
  return new (await import('@opentelemetry/exporter-metrics-otlp-proto')).OTLPMetricExporter()
}
