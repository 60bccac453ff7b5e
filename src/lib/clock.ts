/** Milliseconds since 1970-01-01T00:00:00Z. */
export type EpochMs = number

/** The current time as a parameter. Programs pass `systemClock`, tests their own. */
export interface Clock {
  now(): EpochMs
}

export const systemClock: Clock = { now: () => Date.now() }

/** Resolves after `durationMs`. Rejects with the signal's reason as soon as it aborts. */
export function sleep(durationMs: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer)
      reject(signal.reason)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop)
      resolve()
    }, durationMs)
    signal.addEventListener('abort', stop, { once: true })
  })
}

/**
 * How long to wait after `attempt` failed attempts: exponential backoff from `firstMs` to `maxMs`. Between half of it and all of it is taken
 * at random, so that clients that were refused together do not retry together.
 */
export function backoffMs(attempt: number, { firstMs, maxMs }: { firstMs: number; maxMs: number }, random: () => number): number {
  const whole = Math.min(maxMs, firstMs * 2 ** (attempt - 1))
  return whole * (0.5 + random() / 2)
}

/** Settles as the promise does, or rejects with the signal's reason as soon as it aborts. The work behind the promise goes on. */
export function orAborted<Value>(promise: Promise<Value>, signal?: AbortSignal): Promise<Value> {
  if (signal === undefined) return promise
  if (signal.aborted) {
    promise.catch(() => undefined)
    return Promise.reject(signal.reason)
  }
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}

/** The value of the promise, or null after `durationMs`. The work behind the promise goes on. */
export async function within<Value>(promise: Promise<Value>, durationMs: number): Promise<Value | null> {
  const { promise: late, resolve } = Promise.withResolvers<null>()
  const timer = setTimeout(resolve, durationMs, null)
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
    promise.catch(() => null)
  }
}
