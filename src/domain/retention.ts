import type { EpochMs } from '../lib/clock.js'
import type { FragmentSelectorType } from './time-range.js'

export interface RetentionFacts {
  readonly createdAtMs: EpochMs
  readonly dataRetentionInHours: number
}

/** The oldest instant that is retained. Null if the stream stores nothing. */
export function toRetainedFrom(
  { createdAtMs, dataRetentionInHours }: RetentionFacts,
  nowMs: EpochMs,
  selector: FragmentSelectorType = 'SERVER_TIMESTAMP',
): EpochMs | null {
  if (dataRetentionInHours === 0) return null
  const retainedFromMs = nowMs - dataRetentionInHours * 3_600_000
  // A producer may upload footage that is older than its stream.
  return selector === 'SERVER_TIMESTAMP' ? Math.max(createdAtMs, retainedFromMs) : retainedFromMs
}
