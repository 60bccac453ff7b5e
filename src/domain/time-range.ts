import type { EpochMs } from '../lib/clock.js'

/** Both ends inclusive. */
export interface TimeRange {
  readonly startMs: EpochMs
  readonly endMs: EpochMs
}

export type FragmentSelectorType = 'PRODUCER_TIMESTAMP' | 'SERVER_TIMESTAMP'
