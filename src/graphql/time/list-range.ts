import { GatewayError } from '../../domain/errors.js'
import { KVS_LIMITS } from '../../domain/limits.js'
import type { TimeRange } from '../../domain/time-range.js'
import type { TimestampRangeInput } from './timestamp-range.input.js'

/** The range of a list of fragments: 24 hours at most; its two ends may be the same instant. */
export function parseListRange({ startTimestamp, endTimestamp }: TimestampRangeInput): TimeRange {
  const given = `(start ${new Date(startTimestamp).toISOString()}, end ${new Date(endTimestamp).toISOString()})`
  if (endTimestamp < startTimestamp) throw new GatewayError('BAD_USER_INPUT', `range must not end before it starts ${given}.`)
  if (endTimestamp - startTimestamp > KVS_LIMITS.maxRangeHours * 3_600_000) {
    throw new GatewayError('BAD_USER_INPUT', `range must span at most ${KVS_LIMITS.maxRangeHours} hours ${given}.`)
  }
  return { startMs: startTimestamp, endMs: endTimestamp }
}
