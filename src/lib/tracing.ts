// Spans of OpenTelemetry. Until a program turns tracing on, they cost one comparison.

import { type Attributes, context, propagation, type Span, type SpanContext, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { nameOf } from './thrown.js'

const tracer = trace.getTracer('clipgate')
let isOn = false

/** A tracer provider has been registered. */
export function turnTracingOn(): void {
  isOn = true
}

export function isTracing(): boolean {
  return isOn
}

/** Runs a step in a span of its own. The name of an error is recorded, and never its message, which can contain a URL. */
export function inSpan<Result>(
  name: string,
  { isCall = false, attributes = {} }: { readonly isCall?: boolean; readonly attributes?: Attributes },
  run: () => Promise<Result>,
): Promise<Result> {
  if (!isOn) return run()
  const kind = isCall ? SpanKind.CLIENT : SpanKind.INTERNAL
  return tracer.startActiveSpan(name, { kind, attributes }, async (span) => {
    try {
      return await run()
    } catch (error) {
      fail(span, nameOf(error))
      throw error
    } finally {
      span.end()
    }
  })
}

export interface ServerSpan {
  readonly name: string
  /** The headers of the request, which can name the trace of the caller. */
  readonly headers: Readonly<Record<string, unknown>>
  /** Calls its argument with the status when the response has ended. */
  readonly onEnd: (end: (status: number) => void) => void
}

/** Runs the handler of a request in a span that ends with the response. */
export function inServerSpan<Result>({ name, headers, onEnd }: ServerSpan, run: () => Result): Result {
  if (!isOn) return run()
  const parent = propagation.extract(context.active(), headers)
  const span = tracer.startSpan(name, { kind: SpanKind.SERVER }, parent)
  onEnd((status) => {
    span.setAttribute('http.response.status_code', status)
    if (status >= 500) fail(span, String(status))
    span.end()
  })
  return context.with(trace.setSpan(parent, span), run)
}

/** Adds what is known only later. A new name replaces the old one. */
export function describeSpan(attributes: Attributes, name?: string): void {
  if (!isOn) return
  const span = trace.getActiveSpan()
  span?.setAttributes(attributes)
  if (name !== undefined) span?.updateName(name)
}

/** The running span, for work that others may share. */
export function findSpanContext(): SpanContext | null {
  return isOn ? (trace.getActiveSpan()?.spanContext() ?? null) : null
}

/** The running span uses work that another span has started. */
export function linkSpan(started: SpanContext | null): void {
  if (started !== null) trace.getActiveSpan()?.addLink({ context: started })
}

function fail(span: Span, type: string): void {
  span.setAttribute('error.type', type)
  span.setStatus({ code: SpanStatusCode.ERROR })
}
