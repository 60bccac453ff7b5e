import type { SpanContext } from '@opentelemetry/api'
import { findSpanContext, linkSpan } from './tracing.js'

/**
 * Request coalescing: calls with the same key at the same time share one execution. A caller whose signal aborts leaves alone. When the last
 * caller leaves, the work is aborted, and that caller gets its outcome. The work must therefore end when its signal aborts.
 */
export class SingleFlight<Value> {
  readonly #flights = new Map<string, Flight<Value>>()

  run(key: string, work: (signal: AbortSignal) => Promise<Value>, signal: AbortSignal): Promise<Value> {
    if (signal.aborted) return Promise.reject(signal.reason)
    const running = this.#flights.get(key)
    if (running) linkSpan(running.span)
    const flight = running ?? this.#start(key, work)
    return this.#join(key, flight, signal)
  }

  #start(key: string, work: (signal: AbortSignal) => Promise<Value>): Flight<Value> {
    const controller = new AbortController()
    const result = work(controller.signal)
    const flight = { controller, result, span: findSpanContext(), waiting: 0 }
    this.#flights.set(key, flight)
    const end = () => this.#end(key, flight)
    result.then(end, end)
    return flight
  }

  #join(key: string, flight: Flight<Value>, signal: AbortSignal): Promise<Value> {
    flight.waiting += 1
    return new Promise((resolve, reject) => {
      const leave = () => {
        flight.waiting -= 1
        if (flight.waiting > 0) return reject(signal.reason)
        // First, so that the next caller starts again instead of joining aborted work.
        this.#end(key, flight)
        flight.controller.abort(signal.reason)
      }
      signal.addEventListener('abort', leave, { once: true })
      flight.result.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
    })
  }

  #end(key: string, flight: Flight<Value>): void {
    if (this.#flights.get(key) === flight) this.#flights.delete(key)
  }
}

interface Flight<Value> {
  readonly controller: AbortController
  readonly result: Promise<Value>
  /** The span that started the work. */
  readonly span: SpanContext | null
  waiting: number
}
