import { GraphQLError, Kind } from 'graphql'
import type { EpochMs } from '../../lib/clock.js'
import { createScalar } from './create-scalar.js'
import { quoteInput } from './quote-input.js'

// RFC 3339, section 5.6, with the lower-case letters that its notes allow.
const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/i
const VALID_OFFSET = /(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/
const LOCAL_CHARACTERS = '2026-01-31T12:00:00'.length
const MAX_CHARACTERS = 40
const EXPECTED = 'an RFC 3339 instant with an offset or Z, for example 2026-01-31T12:00:00.000Z'
const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999)
const FIRST_MS = new Date('0000-01-01T00:00:00Z').getTime()

/** An instant: EpochMs in the code, RFC 3339 on the wire. Digits finer than a millisecond are cut off, as Kinesis Video does. */
export const DateTimeScalar = createScalar<EpochMs>({
  name: 'DateTime',
  description:
    'An instant: RFC 3339 with an offset or Z. Input without a zone is refused. Output is UTC with milliseconds. Digits finer than a millisecond are ignored.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc3339',
  literal: Kind.STRING,
  parse: parseDateTime,
  serialize(value) {
    if (typeof value === 'number' && value >= FIRST_MS && value <= LAST_MS) return new Date(value).toISOString()
    throw new GraphQLError(`DateTime cannot represent ${quoteInput(value)}.`)
  },
})

function parseDateTime(value: unknown, given: string): EpochMs {
  if (typeof value !== 'string' || value.length > MAX_CHARACTERS || !RFC_3339.test(value)) {
    throw new GraphQLError(`DateTime must be ${EXPECTED}; got ${given}.`)
  }
  const ms = toEpochMs(value.toUpperCase())
  if (ms === null) throw new GraphQLError(`DateTime must be ${EXPECTED}; there is no such instant as ${given}.`)
  return ms
}

function toEpochMs(text: string): EpochMs | null {
  const local = text.slice(0, LOCAL_CHARACTERS)
  const localMs = Date.parse(`${local}Z`)
  // Date.parse accepts 31 February as a day in March, and 24:00 as the next day. It refuses a second of 60.
  const isReal = !Number.isNaN(localMs) && new Date(localMs).toISOString().startsWith(local)
  if (!isReal || !VALID_OFFSET.test(text)) return null
  const ms = Date.parse(text)
  return ms >= FIRST_MS && ms <= LAST_MS ? ms : null
}
