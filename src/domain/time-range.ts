import type { EpochMs } from '../lib/clock.js'

/** Both ends inclusive. */
export interface TimeRange {
  readonly startMs: EpochMs
  readonly endMs: EpochMs
}

export type FragmentSelectorType = 'PRODUCER_TIMESTAMP' | 'SERVER_TIMESTAMP'

/**
 * Subtracts `byMs`, but does not go back before 1970 unless the instant is already earlier. It is unknown whether AWS accepts times before
 * 1970, so the gateway adds none to those of its caller.
 */
export function toEarlier(instantMs: EpochMs, byMs: number): EpochMs {
  return instantMs < 0 ? instantMs - byMs : Math.max(0, instantMs - byMs)
}
