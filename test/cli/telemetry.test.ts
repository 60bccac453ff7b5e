import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { buildDist, type CliProcess, startCli } from '../support/cli-process.js'
import { eventually } from '../support/eventually.js'
import { OtlpCollector } from '../support/otlp-collector.js'

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c'
const PARENT_ID = 'b7ad6b7169203331'

/** Reports each module of the SDK that Node loads. */
const WATCH_MODULES = `--import data:text/javascript,${encodeURIComponent(
  "import { registerHooks } from 'node:module'; registerHooks({ resolve(name, context, next) { if (/opentelemetry.(sdk|exporter)/.test(name)) console.error('LOADED', name); return next(name, context) } })",
)}`

let collector: OtlpCollector
let serve: CliProcess
let url: string

beforeAll(async () => {
  await buildDist()
  collector = await new OtlpCollector().listen()
  serve = await startCli(['serve'], {
    KVS_DEMO: 'true',
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_BSP_SCHEDULE_DELAY: '50',
    OTEL_METRIC_EXPORT_INTERVAL: '200',
    OTEL_METRIC_EXPORT_TIMEOUT: '150',
  })
  ;[, url = ''] = await serve.until(/GraphQL +(\S+)\/graphql/)
}, 240_000)
afterAll(async () => {
  await serve?.[Symbol.asyncDispose]()
  await collector?.[Symbol.asyncDispose]()
})

async function ask(query: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query }),
  })
  return JSON.parse(await response.text())
}

function toClipQuery(firstMinute: number): string {
  const endMs = Math.floor(Date.now() / 60_000) * 60_000 - firstMinute * 60_000
  const range = `startTimestamp: "${new Date(endMs - 60_000).toISOString()}", endTimestamp: "${new Date(endMs).toISOString()}"`
  return `mutation Make { requestClip(input: { streamName: "front-door", ${range} }) { clip { downloadUrl } } }`
}

describe('with OTEL_EXPORTER_OTLP_ENDPOINT', () => {
  test('an operation, its fields that call out and its AWS calls are one trace, below the span of the caller', async () => {
    const traceparent = `00-${TRACE_ID}-${PARENT_ID}-01`
    await ask('query Cameras { streams { nodes { name dataEndpoint tags { key } } } }', { traceparent, 'x-request-id': 'request-0001' })
    await eventually(() => expect(collector.find('query')).toHaveLength(1))
    const trace = collector.spans.filter(({ traceId }) => traceId === TRACE_ID)
    const [operation] = trace.filter(({ name }) => name === 'query')
    expect(operation).toMatchObject({
      parentSpanId: PARENT_ID,
      attributes: { 'graphql.operation.name': 'Cameras', 'clipgate.request_id': 'request-0001', 'http.response.status_code': 200 },
    })
    const calls = trace.filter(({ name }) => name === 'KinesisVideo.GetDataEndpoint')
    expect(calls.length).toBeGreaterThan(0)
    for (const call of calls) expect(collector.ancestryOf(call)).toEqual([call.name, 'Stream.dataEndpoint', 'query'])
    expect(trace.map(({ name }) => name)).toEqual(expect.arrayContaining(['Query.streams', 'KinesisVideo.ListStreams']))
    expect([...collector.services]).toEqual(['clipgate'])
  })

  test('a field that only reads a member has no span', async () => {
    for (let index = 0; index < 3; index += 1) await ask('query Plain { limits { maxRangeHours } }')
    await eventually(() =>
      expect(collector.spans.filter(({ attributes }) => attributes['graphql.operation.name'] === 'Plain').length).toBe(3),
    )
    const last = collector.spans.findLast(({ attributes }) => attributes['graphql.operation.name'] === 'Plain')
    expect(collector.spans.filter(({ parentSpanId }) => parentSpanId === last?.spanId)).toEqual([])
  })

  test('a clip and its download show the store, and no trace has the URL', async () => {
    const { data } = await ask(toClipQuery(10))
    const { downloadUrl } = data.requestClip.clip
    const bytes = (await (await fetch(downloadUrl)).arrayBuffer()).byteLength
    await eventually(() => expect(collector.find('download')).toHaveLength(1))
    const [download] = collector.find('download')
    expect(download?.attributes).toMatchObject({ 'clipgate.outcome': 'complete', 'clipgate.bytes': bytes })
    expect(download && collector.ancestryOf(download)).toEqual(['download', 'GET /clips/:token/:fileName'])
    await eventually(() => expect(collector.find('clip store open').length).toBeGreaterThan(0))
    const [store] = collector.find('clip store open')
    expect(store?.attributes).toEqual({ 'clipgate.origin': 'fetched' })
    expect(store && collector.ancestryOf(store)).toEqual(['clip store open', 'Mutation.requestClip', 'mutation'])
    expect(collector.find('KinesisVideo.GetClip').length).toBeGreaterThan(0)
    expect(collector.received).not.toContain(new URL(downloadUrl).pathname.split('/')[2])
  })

  test('a request that shares the fetch of another is linked to it', async () => {
    const query = toClipQuery(20).replace('Make', 'Shared')
    await Promise.all(Array.from({ length: 4 }, () => ask(query)))
    const find = () => collector.spans.filter(({ attributes }) => attributes['graphql.operation.name'] === 'Shared')
    await eventually(() => expect(find()).toHaveLength(4))
    const traces = new Set(find().map(({ traceId }) => traceId))
    expect(traces.size).toBe(4)
    const linked = collector.spans.filter(({ traceId, links }) => traces.has(traceId) && links.length > 0)
    expect(linked.length).toBeGreaterThan(0)
    for (const { links } of linked) expect(links.filter((link) => !traces.has(link.traceId))).toEqual([])
    expect(linked.some(({ traceId, links }) => links.some((link) => link.traceId !== traceId))).toBe(true)
  })

  test('metrics are those of Prometheus', async () => {
    await eventually(() => expect(collector.metrics.has('clipgate_graphql_request_seconds')).toBe(true))
    await eventually(() => {
      const { dataPoints = [] } = collector.metrics.get('clipgate_graphql_request_seconds')?.histogram ?? {}
      expect(dataPoints.length).toBeGreaterThan(0)
      for (const { count, bucketCounts = [], explicitBounds = [] } of dataPoints) {
        expect(bucketCounts.reduce((sum, each) => sum + Number(each), 0)).toBe(Number(count))
        expect(bucketCounts.length).toBe(explicitBounds.length + 1)
      }
    })
    expect(collector.metrics.get('clipgate_kvs_requests_total')?.sum?.isMonotonic).toBe(true)
    expect(collector.metrics.get('clipgate_clip_store_bytes')?.gauge?.dataPoints[0]?.asDouble).toBeGreaterThan(0)
  })
})

test('a gateway whose collector is away serves and stops as usual', async () => {
  await using alone = await startCli(['serve'], { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' })
  const [, own = ''] = await alone.until(/GraphQL +(\S+)\/graphql/)
  expect((await fetch(`${own}/health/live`)).status).toBe(200)
  expect(await alone.stop('SIGTERM')).toMatchObject({ code: 0 })
})

test.each([
  ['without a collector, the SDK is not loaded', {}, false],
  [
    'with OTEL_SDK_DISABLED, it is not loaded either',
    { OTEL_SDK_DISABLED: 'true', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' },
    false,
  ],
  ['with a collector, it is', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' }, true],
])('%s', async (_, env, isLoaded) => {
  await using alone = await startCli(['serve'], { ...env, NODE_OPTIONS: WATCH_MODULES })
  await alone.until(/clipgate is ready/)
  const { stderr } = await alone.stop('SIGTERM')
  expect(stderr.includes('LOADED @opentelemetry/sdk-node')).toBe(isLoaded)
})
