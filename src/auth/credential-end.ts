import type { Clock } from '../lib/clock.js'
import type { Principal } from './principal.js'

/** setTimeout fires at once for longer times. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** Calls `listener` once when the credential is revoked, changed or no longer accepted. Returns a function that removes the listener. */
export function onCredentialEnd({ ended, endsAtMs }: Principal, clock: Clock, listener: () => void): () => void {
  let timer: NodeJS.Timeout | undefined
  const stop = () => {
    clearTimeout(timer)
    ended?.removeEventListener('abort', end)
  }
  const end = () => {
    stop()
    listener()
  }
  const wait = () => {
    if (endsAtMs === null) return
    const restMs = endsAtMs - clock.now()
    if (restMs <= 0) return end()
    timer = setTimeout(wait, Math.min(restMs, LONGEST_TIMER_MS)).unref()
  }
  if (ended?.aborted) end()
  else {
    ended?.addEventListener('abort', end, { once: true })
    wait()
  }
  return stop
}
