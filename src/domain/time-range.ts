import type { EpochMs } from '../lib/clock.js'

/** Both ends inclusive. */
export interface TimeRange {
  readonly startMs: EpochMs
  readonly endMs: EpochMs
}

export type FragmentSelectorType = 'PRODUCER_TIMESTAMP' | 'SERVER_TIMESTAMP'

/** Not past 1970 unless the instant lies before it: whether AWS takes such times is not known, so that it is not asked for more of them than a caller did. */
export function toEarlier(instantMs: EpochMs, byMs: number): EpochMs {
  return instantMs < 0 ? instantMs - byMs : Math.max(0, instantMs - byMs)
}
