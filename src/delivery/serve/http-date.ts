const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const IMF_FIXDATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT$/
const RFC_850 = /^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (\d\d)-([A-Z][a-z]{2})-(\d\d) (\d\d):(\d\d):(\d\d) GMT$/
const ASCTIME = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d) (\d{4})$/

/** Parses an HTTP-date in any of its three forms (RFC 9110, 5.6.7). Returns whole seconds since 1970. Null if the text is invalid. */
export function parseHttpDate(text: string, nowMs: number): number | null {
  const fixdate = IMF_FIXDATE.exec(text)
  if (fixdate !== null) return toSeconds(fixdate, { day: 1, month: 2, year: 3, time: 4 }, (year) => year)
  const rfc850 = RFC_850.exec(text)
  if (rfc850 !== null) return toSeconds(rfc850, { day: 1, month: 2, year: 3, time: 4 }, (year) => toFullYear(year, nowMs))
  const asctime = ASCTIME.exec(text)
  return asctime === null ? null : toSeconds(asctime, { month: 1, day: 2, time: 3, year: 6 }, (year) => year)
}

/** Formats the instant as an IMF-fixdate. */
export function toHttpDate(epochMs: number): string {
  return new Date(epochMs).toUTCString()
}

function toSeconds(
  match: RegExpExecArray,
  at: { readonly day: number; readonly month: number; readonly year: number; readonly time: number },
  toYear: (digits: number) => number,
): number | null {
  const month = MONTHS.indexOf(match[at.month] ?? '')
  const number = (group: number) => Number(match[group])
  if (month < 0) return null
  return Date.UTC(toYear(number(at.year)), month, number(at.day), number(at.time), number(at.time + 1), number(at.time + 2)) / 1000
}

// A two-digit year that seems more than 50 years in the future is in the past century (RFC 9110, 5.6.7).
function toFullYear(twoDigits: number, nowMs: number): number {
  const thisYear = new Date(nowMs).getUTCFullYear()
  const year = thisYear - (thisYear % 100) + twoDigits
  return year > thisYear + 50 ? year - 100 : year
}
