import { GraphQLError, GraphQLScalarType, Kind } from 'graphql'
import type { EpochMs } from '../../lib/clock.js'
import { readLiteral } from './literal-place.js'
import { quoteInput, quoteLiteral } from './quote-input.js'

// RFC 3339, section 5.6, with the lower-case letters that its notes allow. A second of 60 is left out: epoch time has no leap seconds.
const RFC_3339 = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/
const LONGEST = 40
const EXPECTED = 'an RFC 3339 instant with an offset or Z, for example 2026-01-31T12:00:00.000Z'
const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999)
const FIRST_MS = new Date('0000-01-01T00:00:00Z').getTime()

/** An instant: EpochMs inside, RFC 3339 outside. What is finer than a millisecond is cut off, as in KVS's own timestamps. */
export const DateTimeScalar = new GraphQLScalarType<EpochMs, string>({
  name: 'DateTime',
  description:
    'An instant: RFC 3339 with an offset or Z. Input without a zone is refused. Output is UTC with milliseconds. Digits finer than a millisecond are ignored.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc3339',
  parseValue: (value) => parseDateTime(value),
  parseLiteral: (node) => readLiteral(node, () => parseDateTime(node.kind === Kind.STRING ? node.value : null, quoteLiteral(node))),
  serialize: toDateTime,
})

/** Refuses with a GraphQLError: no zone, no such day, a year outside 0000 to 9999. */
export function parseDateTime(value: unknown, given = quoteInput(value)): EpochMs {
  const match = typeof value === 'string' && value.length <= LONGEST ? RFC_3339.exec(value) : null
  if (!match) throw new GraphQLError(`DateTime must be ${EXPECTED}; got ${given}.`)
  const ms = toEpochMs(match)
  if (ms === null) throw new GraphQLError(`DateTime must be ${EXPECTED}; there is no such instant as ${given}.`)
  return ms
}

function toEpochMs(match: RegExpExecArray): EpochMs | null {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number)
  const local = new Date(0)
  local.setUTCFullYear(year, month - 1, day)
  local.setUTCHours(hour, minute, second, Number((match[7] ?? '').padEnd(3, '0').slice(0, 3)))
  const offsetHours = Number(match[9] ?? 0)
  const offsetMinutes = Number(match[10] ?? 0)
  // 31 February rolls over into March, 24:00 into the next day: neither is an instant of RFC 3339.
  const isReal = local.getUTCMonth() === month - 1 && local.getUTCDate() === day && hour <= 23 && minute <= 59 && second <= 59
  if (!isReal || offsetHours > 23 || offsetMinutes > 59) return null
  const ms = local.getTime() - (match[8] === '-' ? -1 : 1) * (offsetHours * 60 + offsetMinutes) * 60_000
  return ms >= FIRST_MS && ms <= LAST_MS ? ms : null
}

function toDateTime(value: unknown): string {
  if (typeof value !== 'number' || !(value >= FIRST_MS && value <= LAST_MS)) {
    throw new GraphQLError(`DateTime cannot represent ${quoteInput(value)}.`)
  }
  return new Date(value).toISOString()
}
