import type { EpochMs } from '../../lib/clock.js'
import type { FragmentRange } from '../archive/archive.js'
import { AwsException } from '../aws-exception.js'
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

/** A range that retention has taken whole. The text is the service's own, in GetClip and ListFragments alike. */
export function refuseOutsideRetention(which: 'Start' | 'End', timestampMs: EpochMs): never {
  throw new AwsException('InvalidArgumentException', `${which} timestamp ${timestampMs} is outside of the stream retention period.`)
}
