import type { EpochMs } from '../lib/clock.js'

/** No clip spans more: producer times further apart than this are of two clocks. */
const LONGEST_HOLE_MS = 24 * 3_600_000

interface TimedFragment {
  readonly producerTimestampMs: EpochMs
  readonly lengthMs: number
}

/**
 * When each fragment of a clip by server time plays. Producer times keep frames apart exactly, so they rule as long as they go on; where
 * they go back or leap (another producer, a clock that was set), a fragment follows the one before it without a hole.
 */
export function toServerTimeline(fragments: readonly TimedFragment[]): EpochMs[] {
  let shiftMs = 0
  let endMs = Number.NEGATIVE_INFINITY
  return fragments.map(({ producerTimestampMs, lengthMs }) => {
    const leapMs = producerTimestampMs + shiftMs - endMs
    if (Number.isFinite(leapMs) && (leapMs < -lengthMs / 2 || leapMs > LONGEST_HOLE_MS)) shiftMs = endMs - producerTimestampMs
    const startMs = producerTimestampMs + shiftMs
    endMs = startMs + lengthMs
    return startMs
  })
}
