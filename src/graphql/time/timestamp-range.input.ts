import { Field, InputType } from 'type-graphql'
import { GatewayError } from '../../domain/errors.js'
import type { TimeRange } from '../../domain/time-range.js'
import type { EpochMs } from '../../lib/clock.js'
import { DateTimeScalar } from '../scalars/date-time.js'

@InputType('TimestampRangeInput', {
  description: 'A range of time. Both ends are inclusive and compared with the start of each fragment, as GetClip does.',
})
export class TimestampRangeInput {
  @Field(() => DateTimeScalar, { description: 'The start of the range.' })
  readonly startTimestamp!: EpochMs

  @Field(() => DateTimeScalar, { description: 'The end of the range, not before the start.' })
  readonly endTimestamp!: EpochMs
}

const UNIT_MS = { hours: 3_600_000, days: 86_400_000 } as const

/** Start and end may be equal. @throws GatewayError BAD_USER_INPUT for a range that ends before it starts or is longer than the maximum */
export function parseTimeRange({ startTimestamp, endTimestamp }: TimestampRangeInput, max: number, unit: keyof typeof UNIT_MS): TimeRange {
  const given = `(start ${new Date(startTimestamp).toISOString()}, end ${new Date(endTimestamp).toISOString()})`
  if (endTimestamp < startTimestamp) throw new GatewayError('BAD_USER_INPUT', `range must not end before it starts ${given}.`)
  if (endTimestamp - startTimestamp > max * UNIT_MS[unit]) {
    throw new GatewayError('BAD_USER_INPUT', `range must span at most ${max} ${unit} ${given}.`)
  }
  return { startMs: startTimestamp, endMs: endTimestamp }
}
