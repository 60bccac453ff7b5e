import type { EpochMs } from '../lib/clock.js'
import { WrongArgument } from './failure.js'

/** RFC 3339, section 5.6, with the lower-case letters that its notes allow. Without a zone it would mean another instant on every machine. */
const RFC_3339 = /^(\d{4}-\d{2}-\d{2})T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/

/** The instant that `--producer-start` names. @throws WrongArgument, also for a day that no calendar has and for one before 1970 */
export function parseProducerStart(text: string): EpochMs {
  const instant = text.toUpperCase()
  const day = RFC_3339.exec(instant)?.[1]
  const ms = day !== undefined && isDay(day) ? Date.parse(instant) : Number.NaN
  if (ms >= 0) return ms
  throw new WrongArgument(
    `--producer-start is ${JSON.stringify(text)}, but must be an RFC 3339 instant with a zone, such as 2026-01-31T12:00:00Z.`,
  )
}

/** `Date` takes 31 February for 3 March. */
function isDay(day: string): boolean {
  const ms = Date.parse(`${day}T00:00:00Z`)
  return Number.isFinite(ms) && new Date(ms).toISOString().startsWith(day)
}
