import type { EpochMs } from '../lib/clock.js'
import type { FragmentSelectorType } from './time-range.js'

export interface ListedFragment {
  readonly fragmentNumber: string
  readonly producerTimestampMs: EpochMs
  readonly serverTimestampMs: EpochMs
  /** As the service reports it, without the duration of the last frame (kvs facts, 3.3). */
  readonly lengthMs: number
  readonly sizeBytes: number
}

export function startOf(fragment: ListedFragment, selector: FragmentSelectorType): EpochMs {
  return selector === 'SERVER_TIMESTAMP' ? fragment.serverTimestampMs : fragment.producerTimestampMs
}

/** Fragment numbers are decimal and grow with ingestion. They are too long for a Number and may differ in length. */
export function compareNumbers(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length
  return a < b ? -1 : Number(a > b)
}

/** The order in which a clip plays: by the selected timestamp, then by number. */
export function toPlayingOrder(fragments: readonly ListedFragment[], selector: FragmentSelectorType): ListedFragment[] {
  return fragments.toSorted((a, b) => startOf(a, selector) - startOf(b, selector) || compareNumbers(a.fragmentNumber, b.fragmentNumber))
}
