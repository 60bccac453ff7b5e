const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** Aborted by the first SIGINT or SIGTERM. A second one ends the process at once: whoever asks twice does not want to wait. */
export function createStopSignal(): AbortSignal {
  const stop = new AbortController()
  for (const name of SIGNALS) {
    process.on(name, () => {
      if (stop.signal.aborted) process.exit(name === 'SIGINT' ? 130 : 143)
      stop.abort(new Error(`stopped by ${name}`))
    })
  }
  return stop.signal
}

export function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
