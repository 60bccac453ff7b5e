import type { EpochMs } from '../lib/clock.js'

/** Both ends inclusive. */
export interface TimeRange {
  readonly startMs: EpochMs
  readonly endMs: EpochMs
}

export type FragmentSelectorType = 'PRODUCER_TIMESTAMP' | 'SERVER_TIMESTAMP'

/** Not before 1970, unless the instant is. Whether AWS accepts such times is unknown, so a request has no more of them than its caller gave. */
export function toEarlier(instantMs: EpochMs, byMs: number): EpochMs {
  return instantMs < 0 ? instantMs - byMs : Math.max(0, instantMs - byMs)
}
