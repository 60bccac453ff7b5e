import { setTimeout as wait } from 'node:timers/promises'
import type { Clock, EpochMs } from '../../lib/clock.js'
import type { LoopedFootage } from './looped-footage.js'

export interface LiveFootageOptions {
  readonly clock: Clock
  /** The first Cluster is the first that starts at or after this instant. */
  readonly fromMs: EpochMs
  /** The media ends with the last Cluster that ends before this instant. */
  readonly untilMs: EpochMs
  readonly signal: AbortSignal
}

/** A Cluster is sent in this many pieces while it is recorded, so that its reception starts with it. */
const PIECES = 8
/** A delay that shows that the machine was asleep. The missed footage would arrive all at once, so `catchUp` stores it. */
const MISSED_MS = 5_000

/**
 * The bytes of a live camera: its header, then Clusters piece by piece. Ends normally when `signal` aborts, and when the camera is so far behind
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
      // A Cluster is always sent completely: half of one would be malformed.
      if (signal.aborted && piece === 0) return
      yield bytes.subarray(Math.floor((bytes.byteLength * piece) / PIECES), Math.floor((bytes.byteLength * (piece + 1)) / PIECES))
    }
  }
}
