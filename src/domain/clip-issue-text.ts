import type { EpochMs } from '../lib/clock.js'
import type { ClipIssue, ClipIssueCode } from './clip-issue.js'

type IssueDetails = Partial<Pick<ClipIssue, 'path' | 'hint' | 'ranges' | 'retryAfterMs'>>

export function toError(code: ClipIssueCode, message: string, details: IssueDetails = {}): ClipIssue {
  return { code, severity: 'ERROR', message, path: [], hint: null, ranges: [], retryAfterMs: null, ...details }
}

export function toWarning(code: ClipIssueCode, message: string, details: IssueDetails = {}): ClipIssue {
  return { ...toError(code, message, details), severity: 'WARNING' }
}

/** An instant in a message. A number that `Date` cannot represent is printed as it is. */
export function instantText(instantMs: EpochMs): string {
  const date = new Date(instantMs)
  return Number.isNaN(date.getTime()) ? String(instantMs) : date.toISOString()
}

/** `2 h 5 min`, `1.5 s`, `40 ms`. */
export function durationText(durationMs: number): string {
  if (durationMs < 1000) return `${durationMs} ms`
  if (durationMs < 60_000) return `${Number((durationMs / 1000).toFixed(3))} s`
  const minutes = Math.floor(durationMs / 60_000)
  const seconds = Number(((durationMs % 60_000) / 1000).toFixed(3))
  const parts = [
    [Math.floor(minutes / 60), 'h'],
    [minutes % 60, 'min'],
    [seconds, 's'],
  ] as const
  return parts
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ')
}

/** Decimal megabytes, like the limits of the service. */
export function bytesText(bytes: number): string {
  return bytes < 100_000 ? `${bytes} bytes` : `${Number((bytes / 1e6).toFixed(1))} MB`
}

/** Input of a caller in a message: shortened, in quotes, on one line. */
export function givenText(given: string): string {
  const text = given.length > 60 ? `${given.slice(0, 60).toWellFormed()}… (${given.length} characters)` : given
  return JSON.stringify(text)
}
