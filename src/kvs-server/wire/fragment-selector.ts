import type { FragmentRange } from '../archive/archive.js'
import type { WireInput } from '../operation.js'
import { parseEnum, parseStructure, parseTimestamp } from './wire-input.js'

export const SELECTOR_TYPES = ['PRODUCER_TIMESTAMP', 'SERVER_TIMESTAMP'] as const

/** A FragmentSelector or ClipFragmentSelector: both are a clock and a range with both ends. */
export function parseFragmentSelector(selector: WireInput): FragmentRange {
  const type = parseEnum(selector, 'FragmentSelectorType', SELECTOR_TYPES)
  const range = parseStructure(selector, 'TimestampRange')
  return {
    clock: type === 'PRODUCER_TIMESTAMP' ? 'producer' : 'server',
    startMs: parseTimestamp(range, 'StartTimestamp'),
    endMs: parseTimestamp(range, 'EndTimestamp'),
  }
}
