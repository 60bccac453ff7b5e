import { STATUS_CODES } from 'node:http'

/** An error as RFC 9457 shows it, with a code for programs. */
export interface Problem {
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly retryAfterMs?: number | null
  /** Members for clients that look for others than RFC 9457's. */
  readonly more?: Readonly<Record<string, unknown>>
}

/** The title is the same for all problems of a status; what happened is in `detail` (RFC 9457, 3.1.3). */
export function toProblemBody({ status, code, detail, more = {} }: Problem): Buffer {
  return Buffer.from(JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail, code, ...more }))
}

/** Whole seconds, never less than the wait. */
export function toRetryAfter(retryAfterMs: number): string {
  return String(Math.max(1, Math.ceil(retryAfterMs / 1000)))
}
