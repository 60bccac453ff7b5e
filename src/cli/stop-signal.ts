const SIGNALS = ['SIGINT', 'SIGTERM'] as const
/** One Ctrl-C arrives more than once: from the terminal, and again from npm. */
const SAME_MS = 1000

/** Aborts on the first SIGINT or SIGTERM. A second one ends the process at once. */
export function createStopSignal(): AbortSignal {
  const stop = new AbortController()
  let stoppedAtMs = 0
  for (const name of SIGNALS) {
    process.on(name, () => {
      if (stop.signal.aborted && performance.now() - stoppedAtMs > SAME_MS) process.exit(name === 'SIGINT' ? 130 : 143)
      if (stop.signal.aborted) return
      stoppedAtMs = performance.now()
      stop.abort(new Error(`stopped by ${name}`))
    })
  }
  return stop.signal
}

export function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
