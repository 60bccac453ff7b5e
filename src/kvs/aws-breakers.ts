import { BrokenCircuitError, type CircuitBreakerPolicy, CircuitState, circuitBreaker, handleWhenResult, SamplingBreaker } from 'cockatiel'
import { LRUCache } from 'lru-cache'
import { GatewayError } from '../domain/errors.js'
import { nameOf } from '../lib/thrown.js'
import { isEndpointSuspect, toRetryKind } from './aws-errors.js'

/** Opens when four of five calls of the last ten seconds have failed. Fewer than twenty calls show nothing. */
const WINDOW = { threshold: 0.8, duration: 10_000, minimumRps: 2 } as const
/** After this time, one call tests whether the endpoint works again. */
const PAUSE_MS = 5_000
/** As many as there are clients of data endpoints, and the control plane. */
const MAX_ENDPOINTS = 257

export interface BreakerListener {
  /** Called when calls to an endpoint pause, and when they continue. */
  onPause(endpoint: string, isPaused: boolean): void
}

type Outcome<Answer> = { readonly answer: Answer } | { readonly error: unknown; readonly isFault: boolean }

interface Breaker {
  readonly policy: CircuitBreakerPolicy
  /** Null while calls are allowed. */
  pausedAtMs: number | null
}

/** A circuit breaker for each endpoint: while an endpoint fails, calls fail at once instead of waiting for its timeouts. */
export class AwsBreakers {
  readonly #breakers = new LRUCache<string, Breaker>({
    max: MAX_ENDPOINTS,
    dispose: (breaker, endpoint) => this.#change(endpoint, breaker, null),
  })

  constructor(private readonly listener?: BreakerListener) {}

  /** @throws GatewayError KVS_UNAVAILABLE while calls to the endpoint pause, otherwise the error of the call */
  async run<Answer>(endpoint: string, call: () => Promise<Answer>): Promise<Answer> {
    const breaker = this.#breakers.get(endpoint) ?? this.#create(endpoint)
    const outcome = await settle(breaker, call)
    if ('error' in outcome) throw outcome.error
    return outcome.answer
  }

  #create(endpoint: string): Breaker {
    const policy = circuitBreaker(handleWhenResult(isFault), { halfOpenAfter: PAUSE_MS, breaker: new SamplingBreaker(WINDOW) })
    const breaker: Breaker = { policy, pausedAtMs: null }
    policy.onBreak(() => this.#change(endpoint, breaker, performance.now()))
    policy.onReset(() => this.#change(endpoint, breaker, null))
    this.#breakers.set(endpoint, breaker)
    return breaker
  }

  /** A pause that begins again after a failed test is the same pause to the listener. */
  #change(endpoint: string, breaker: Breaker, pausedAtMs: number | null): void {
    const wasPaused = breaker.pausedAtMs !== null
    breaker.pausedAtMs = pausedAtMs
    if (wasPaused !== (pausedAtMs !== null)) this.listener?.onPause(endpoint, pausedAtMs !== null)
  }
}

/** The policy sees outcomes instead of errors, because only some errors count. */
async function settle<Answer>(breaker: Breaker, call: () => Promise<Answer>): Promise<Outcome<Answer>> {
  const { policy } = breaker
  try {
    return await policy.execute(() =>
      call().then(
        (answer): Outcome<Answer> => ({ answer }),
        (error: unknown): Outcome<Answer> => ({ error, isFault: isFaultOf(error, policy) }),
      ),
    )
  } catch (error) {
    if (!(error instanceof BrokenCircuitError)) throw error
    const pausedMs = performance.now() - (breaker.pausedAtMs ?? 0)
    const retryAfterMs = Math.max(100, Math.ceil(PAUSE_MS - pausedMs))
    const message = 'Kinesis Video fails at present, so the gateway does not call it. Retry later.'
    throw new GatewayError('KVS_UNAVAILABLE', message, { retryAfterMs }, { cause: error })
  }
}

function isFault(outcome: unknown): boolean {
  return typeof outcome === 'object' && outcome !== null && 'isFault' in outcome && outcome.isFault === true
}

/** A refusal or a throttled call shows that the endpoint works. An aborted call shows nothing, so it must not end a pause. */
function isFaultOf(error: unknown, policy: CircuitBreakerPolicy): boolean {
  if (nameOf(error) === 'AbortError') return policy.state === CircuitState.HalfOpen
  return toRetryKind(error) === 'transient' && isEndpointSuspect(error)
}
