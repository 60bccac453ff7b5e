import { GatewayError } from '../domain/errors.js'
import { backoffMs, sleep } from '../lib/clock.js'
import { SingleFlight } from '../lib/single-flight.js'
import { nameOf } from '../lib/thrown.js'
import { inSpan } from '../lib/tracing.js'
import { AwsBreakers, type BreakerListener } from './aws-breakers.js'
import type { AwsClients } from './aws-clients.js'
import type { DenialLog } from './aws-denials.js'
import { toGatewayError, toOutcome, toRetryKind } from './aws-errors.js'

/** Throttling ends soon, so it is retried for as long as the request has time. Other failures are retried twice. */
const THROTTLED = { attempts: 12, firstMs: 100, maxMs: 5_000 } as const
const TRANSIENT = { attempts: 3, firstMs: 100, maxMs: 1_000 } as const

const CONTROL_PLANE = 'the control plane'

export interface KvsRequestListener extends BreakerListener {
  /**
   * Called after each request to Kinesis Video, including retries. `outcome` is "ok", the name of a known exception, or "other". `seconds` is
   * the time to the response headers for media, and to the end of the response otherwise.
   */
  onRequest(request: { readonly operation: string; readonly outcome: string; readonly seconds: number }): void
  onBytes(operation: string, bytes: number): void
}

/** Sends requests: reports them to the listener, retries where that can help, and turns failures into GatewayErrors. */
export class AwsCalls {
  constructor(
    readonly clients: AwsClients,
    private readonly listener?: KvsRequestListener,
    private readonly denials?: DenialLog,
    private readonly breakers = new AwsBreakers(listener),
  ) {}

  /** Sends one request. @throws GatewayError while calls to the endpoint pause, otherwise the unchanged error of the SDK */
  send<Answer>(operation: string, request: () => Promise<Answer>, endpoint: string = CONTROL_PLANE): Promise<Answer> {
    return this.breakers.run(endpoint, () => this.#report(operation, request))
  }

  async #report<Answer>(operation: string, request: () => Promise<Answer>): Promise<Answer> {
    const startedAt = performance.now()
    const report = (outcome: string) => this.listener?.onRequest({ operation, outcome, seconds: (performance.now() - startedAt) / 1000 })
    try {
      const answer = await inSpan(`KinesisVideo.${operation}`, { isCall: true, attributes: toRpc(operation) }, request)
      report('ok')
      return answer
    } catch (error) {
      report(toOutcome(error))
      throw error
    }
  }

  countBytes(operation: string, bytes: number): void {
    this.listener?.onBytes(operation, bytes)
  }

  /** Sends a request with retries. @throws GatewayError, or the signal's reason when the caller has left */
  request<Answer>(operation: string, send: () => Promise<Answer>, signal: AbortSignal): Promise<Answer> {
    return this.repeat(operation, () => this.send(operation, send), signal)
  }

  /** Retries `attempt` until it succeeds, a retry cannot help, or the signal aborts. @throws GatewayError, or the signal's reason when the caller has left */
  async repeat<Answer>(operation: string, attempt: () => Promise<Answer>, signal: AbortSignal): Promise<Answer> {
    for (let tries = 1; ; tries += 1) {
      try {
        signal.throwIfAborted()
        return await attempt()
      } catch (error) {
        if (signal.aborted && !(error instanceof GatewayError)) throw toAbortError(operation, signal)
        const waitMs = this.#waitMs(error, tries)
        if (waitMs === null) throw this.explain(error, operation)
        await this.#wait(waitMs, error, { operation, signal })
      }
    }
  }

  #waitMs(error: unknown, tries: number): number | null {
    const kind = toRetryKind(error)
    if (kind === 'never') return null
    const policy = kind === 'throttled' ? THROTTLED : TRANSIENT
    return tries < policy.attempts ? backoffMs(tries, policy, Math.random) : null
  }

  async #wait(waitMs: number, error: unknown, { operation, signal }: { operation: string; signal: AbortSignal }): Promise<void> {
    try {
      await sleep(waitMs, signal)
    } catch {
      // No time is left for a retry, so the caller gets the error of the last attempt.
      throw this.explain(error, operation)
    }
  }

  /** Converts an error, and logs one that an operator can fix. */
  explain(error: unknown, operation: string): GatewayError {
    this.denials?.log(error, operation)
    return toGatewayError(error, operation)
  }
}

function toRpc(operation: string) {
  return { 'rpc.system': 'aws-api', 'rpc.service': 'KinesisVideo', 'rpc.method': operation }
}

/** The error for an aborted signal: a GatewayError after a time-out, otherwise the reason of the signal. */
export function toAbortError(operation: string, signal: AbortSignal): unknown {
  const reason: unknown = signal.reason
  if (nameOf(reason) !== 'TimeoutError') return reason
  return new GatewayError(
    'KVS_UNAVAILABLE',
    `Kinesis Video did not answer ${operation} in time.`,
    { retryAfterMs: 1_000 },
    { cause: reason },
  )
}

/** Shares equal calls of one operation. A caller whose signal aborts by a time-out gets a GatewayError. */
export class SharedCalls<Value> {
  readonly #flights = new SingleFlight<Value>()

  constructor(private readonly operation: string) {}

  async run(key: string, call: (signal: AbortSignal) => Promise<Value>, signal: AbortSignal): Promise<Value> {
    try {
      return await this.#flights.run(key, call, signal)
    } catch (error) {
      throw signal.aborted && !(error instanceof GatewayError) ? toAbortError(this.operation, signal) : error
    }
  }
}
