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

/** A Cluster goes out in so many pieces while it is filmed, so that its reception begins when it does. */
const PIECES = 8
/** A machine that slept wakes up this late or later. Sent now, what was missed would arrive all at once: it is `catchUp`'s to store. */
const MISSED_MS = 5_000

/**
 * What a camera sends: its header, then Clusters piece by piece. Ends normally when `signal` aborts, and when the camera is so far behind
 * that footage is missing.
 */
export async function* liveFootage(
  footage: LoopedFootage,
  { clock, fromMs, untilMs, signal }: LiveFootageOptions,
): AsyncGenerator<Uint8Array> {
  yield footage.header
  for (const { timestampMs, endMs, bytes } of footage.clustersFrom(fromMs)) {
    if (endMs > untilMs || clock.now() - endMs > MISSED_MS) return
    for (let piece = 0; piece < PIECES; piece += 1) {
      const dueMs = timestampMs + ((endMs - timestampMs) * piece) / PIECES
      if (dueMs > clock.now()) await wait(dueMs - clock.now(), undefined, { signal }).catch(() => {})
      // A Cluster that was begun is sent to its end: half of one would be malformed.
      if (signal.aborted && piece === 0) return
      yield bytes.subarray(Math.floor((bytes.byteLength * piece) / PIECES), Math.floor((bytes.byteLength * (piece + 1)) / PIECES))
    }
  }
}
