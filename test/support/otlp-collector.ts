import { createServer, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'

export interface SeenSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly name: string
  readonly attributes: Readonly<Record<string, unknown>>
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[]
}

export interface SeenMetric {
  readonly name: string
  readonly sum?: { readonly dataPoints: readonly SeenPoint[]; readonly isMonotonic: boolean }
  readonly gauge?: { readonly dataPoints: readonly SeenPoint[] }
  readonly histogram?: { readonly dataPoints: readonly SeenPoint[] }
}

interface SeenPoint {
  readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue?: string } }[]
  readonly asDouble?: number
  readonly count?: number
  readonly bucketCounts?: readonly number[]
  readonly explicitBounds?: readonly number[]
}

/** Receives OTLP over HTTP as JSON (opentelemetry-proto, `http/json`), and keeps what it received. */
export class OtlpCollector implements AsyncDisposable {
  readonly spans: SeenSpan[] = []
  /** The newest value of each metric. */
  readonly metrics = new Map<string, SeenMetric>()
  readonly services = new Set<unknown>()
  /** Everything, to search for secrets. */
  received = ''
  readonly #server = createServer((request, response) => {
    this.#receive(request)
      .then(() => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'))
      .catch((error: unknown) => response.writeHead(400).end(String(error)))
  })

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return this
  }

  get url(): string {
    const address = this.#server.address()
    return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
  }

  find(name: string): SeenSpan[] {
    return this.spans.filter((span) => span.name === name)
  }

  /** The span, its parent, and so on. */
  ancestryOf(span: SeenSpan): string[] {
    const parent = this.spans.find(({ spanId }) => spanId === span.parentSpanId)
    return [span.name, ...(parent === undefined ? [] : this.ancestryOf(parent))]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #receive(request: IncomingMessage): Promise<void> {
    const body = await text(request)
    this.received += body
    const { resourceSpans = [], resourceMetrics = [] } = JSON.parse(body)
    for (const { resource, scopeSpans } of resourceSpans) {
      this.services.add(toRecord(resource.attributes)['service.name'])
      for (const { spans } of scopeSpans) for (const span of spans) this.spans.push(toSpan(span))
    }
    for (const { scopeMetrics } of resourceMetrics)
      for (const { metrics } of scopeMetrics) for (const metric of metrics) this.metrics.set(metric.name, metric)
  }
}

interface WireSpan extends Omit<SeenSpan, 'attributes' | 'links' | 'parentSpanId'> {
  readonly parentSpanId?: string
  readonly attributes?: readonly WireAttribute[]
  readonly links?: SeenSpan['links']
}

interface WireAttribute {
  readonly key: string
  readonly value: Readonly<Record<string, unknown>>
}

function toSpan({ attributes = [], links = [], parentSpanId = '', ...span }: WireSpan): SeenSpan {
  return { ...span, parentSpanId, attributes: toRecord(attributes), links }
}

function toRecord(attributes: readonly WireAttribute[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))
}
