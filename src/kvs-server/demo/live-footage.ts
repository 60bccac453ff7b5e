import { setTimeout as wait } from 'node:timers/promises'
import type { Clock, EpochMs } from '../../lib/clock.js'
import type { LoopedFootage } from './looped-footage.js'

export interface LiveFootageOptions {
  readonly clock: Clock
  /** The first Cluster is the first that starts at or after this instant. */
  readonly fromMs: EpochMs
  /** The media ends with the last Cluster that is over by then. */
  readonly untilMs: EpochMs
  readonly signal: AbortSignal
}

/** What a camera sends: its header, then each Cluster when it is complete. Ends, as media that is over, when `signal` aborts. */
export async function* liveFootage(
  footage: LoopedFootage,
  { clock, fromMs, untilMs, signal }: LiveFootageOptions,
): AsyncGenerator<Uint8Array> {
  yield footage.header
  for (const cluster of footage.clustersFrom(fromMs)) {
    if (cluster.endMs > untilMs) return
    const delayMs = cluster.endMs - clock.now()
    if (delayMs > 0) await wait(delayMs, undefined, { signal }).catch(() => {})
    if (signal.aborted) return
    yield cluster.bytes
  }
}
