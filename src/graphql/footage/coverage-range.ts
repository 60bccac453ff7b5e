import { MAX_COVERAGE_DAYS } from '../../domain/coverage.js'
import { GatewayError } from '../../domain/errors.js'
import type { TimeRange } from '../../domain/time-range.js'
import type { TimestampRangeInput } from '../time/timestamp-range.input.js'

const DAY_MS = 86_400_000

/** The range of a coverage: limits.maxCoverageDays at most; its two ends may be the same instant. */
export function parseCoverageRange({ startTimestamp, endTimestamp }: TimestampRangeInput): TimeRange {
  const given = `(start ${new Date(startTimestamp).toISOString()}, end ${new Date(endTimestamp).toISOString()})`
  if (endTimestamp < startTimestamp) throw new GatewayError('BAD_USER_INPUT', `range must not end before it starts ${given}.`)
  if (endTimestamp - startTimestamp > MAX_COVERAGE_DAYS * DAY_MS) {
    throw new GatewayError('BAD_USER_INPUT', `range must span at most ${MAX_COVERAGE_DAYS} days ${given}.`)
  }
  return { startMs: startTimestamp, endMs: endTimestamp }
}
