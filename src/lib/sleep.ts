/** Resolves after `durationMs`; rejects with the signal's reason as soon as it aborts. */
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
 * How long to wait before try number `attempt` + 1 (the first try is 1): doubles from `firstMs` up to `maxMs`, of which a random
 * part between a half and the whole is taken, so that callers refused together do not come back together.
 */
export function backoffMs(attempt: number, { firstMs, maxMs }: { firstMs: number; maxMs: number }, random: () => number): number {
  const whole = Math.min(maxMs, firstMs * 2 ** (attempt - 1))
  return whole * (0.5 + random() / 2)
}

/** The promise's own end, or the signal's reason as soon as it aborts; what the promise comes to after that is nobody's concern. */
export function orAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
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
