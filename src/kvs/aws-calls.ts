import { GatewayError } from '../domain/errors.js'
import { backoffMs, sleep } from '../lib/clock.js'
import { nameOf } from '../lib/thrown.js'
import { toGatewayError, toOutcome, toRetryKind } from './aws-errors.js'
import type { DenialLog } from './denial-log.js'
import type { KvsRequestListener } from './request-listener.js'

/** Throttling passes by itself, so that it is sat out for as long as the request has time; other faults are given two more tries. */
const THROTTLED = { attempts: 12, firstMs: 100, maxMs: 5_000 } as const
const TRANSIENT = { attempts: 3, firstMs: 100, maxMs: 1_000 } as const

/** How requests are sent: counted, repeated where that may help, their failures told as GatewayErrors. */
export class AwsCalls {
  readonly #listener: KvsRequestListener
  readonly #random: () => number
  readonly #denials: DenialLog | null

  constructor({ listener, denials = null, random = Math.random }: AwsCallsOptions) {
    this.#listener = listener
    this.#denials = denials
    this.#random = random
  }

  /** One request over the wire, told to the listener. Its failure is thrown as it came. */
  async send<Answer>(operation: string, request: () => Promise<Answer>): Promise<Answer> {
    const startedAt = performance.now()
    const tell = (outcome: string) => this.#listener.onRequest({ operation, outcome, seconds: (performance.now() - startedAt) / 1000 })
    try {
      const answer = await request()
      tell('ok')
      return answer
    } catch (error) {
      tell(toOutcome(error))
      throw error
    }
  }

  /** Tells the listener of media that has come. */
  countBytes(operation: string, bytes: number): void {
    this.#listener.onBytes(operation, bytes)
  }

  /** Repeats `attempt` until it succeeds, repeating is of no use, or the signal aborts. @throws GatewayError, or the signal's reason when the caller has left */
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
    return tries < policy.attempts ? backoffMs(tries, policy, this.#random) : null
  }

  async #wait(waitMs: number, error: unknown, { operation, signal }: { operation: string; signal: AbortSignal }): Promise<void> {
    try {
      await sleep(waitMs, signal)
    } catch {
      // No time is left for another try: the caller hears what the last one was answered.
      throw this.explain(error, operation)
    }
  }

  /** A failure as a GatewayError; what an operator can mend is logged. */
  explain(error: unknown, operation: string): GatewayError {
    this.#denials?.tell(error, operation)
    return toGatewayError(error, operation)
  }
}

export interface AwsCallsOptions {
  readonly listener: KvsRequestListener
  readonly denials?: DenialLog | null
  readonly random?: () => number
}

/** What a caller gets whose signal aborted: an answer of ours when the time was up, its own reason when it left. */
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
