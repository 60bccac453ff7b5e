import { type HrTime, ValueType } from '@opentelemetry/api'
import { AggregationTemporality, DataPointType, type HistogramMetricData, type MetricData } from '@opentelemetry/sdk-metrics'
import type { MetricObjectWithValues, MetricValue } from 'prom-client'

export type PrometheusMetric = MetricObjectWithValues<MetricValue<string>>

interface Times {
  readonly startedAtMs: number
  readonly nowMs: number
}

/** Metrics of Prometheus as those of OpenTelemetry, so that each is defined once. */
export function toMetricData(metrics: readonly PrometheusMetric[], times: Times): MetricData[] {
  return metrics.map((metric) => (String(metric.type) === 'histogram' ? toHistogram(metric, times) : toNumbers(metric, times)))
}

function toNumbers(metric: PrometheusMetric, times: Times): MetricData {
  const dataPoints = metric.values.map(({ labels, value }) => ({ ...toSpan(times), attributes: toAttributes(labels), value }))
  if (String(metric.type) !== 'counter') return { ...toBase(metric), dataPointType: DataPointType.GAUGE, dataPoints }
  return { ...toBase(metric), dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints }
}

/** Prometheus counts each bucket together with the smaller ones, and OpenTelemetry counts it alone. */
function toHistogram(metric: PrometheusMetric, times: Times): HistogramMetricData {
  const series = Map.groupBy(metric.values, ({ labels }) => JSON.stringify(toAttributes(labels)))
  const dataPoints = [...series.values()].map((values) => {
    const buckets = values.filter(({ labels }) => labels.le !== undefined)
    const boundaries = buckets.map(({ labels }) => Number(labels.le)).filter(Number.isFinite)
    const counts = buckets.map(({ value }, index) => value - (buckets[index - 1]?.value ?? 0))
    const read = (name: string) => values.find((value) => isNamed(value, name))?.value ?? 0
    const [sum, count] = [read(`${metric.name}_sum`), read(`${metric.name}_count`)]
    return { ...toSpan(times), attributes: toAttributes(values[0]?.labels ?? {}), value: { buckets: { boundaries, counts }, sum, count } }
  })
  return { ...toBase(metric), dataPointType: DataPointType.HISTOGRAM, dataPoints }
}

/** The type of prom-client omits this member, which a histogram has. */
function isNamed(value: MetricValue<string>, name: string): boolean {
  return 'metricName' in value && value.metricName === name
}

function toBase({ name, help }: PrometheusMetric) {
  const unit = /_seconds$/.test(name) ? 's' : /_bytes(_total)?$/.test(name) ? 'By' : '1'
  return {
    descriptor: { name, description: help, unit, valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  }
}

function toSpan({ startedAtMs, nowMs }: Times): { readonly startTime: HrTime; readonly endTime: HrTime } {
  return { startTime: toHrTime(startedAtMs), endTime: toHrTime(nowMs) }
}

function toHrTime(ms: number): HrTime {
  return [Math.floor(ms / 1000), (ms % 1000) * 1e6]
}

function toAttributes({ le: _, ...labels }: Readonly<Record<string, string | number | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, String(value)]))
}
