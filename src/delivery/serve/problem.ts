import { STATUS_CODES } from 'node:http'

/** A problem document (RFC 9457), with a code for programs. */
export interface Problem {
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly retryAfterMs?: number | null
  /** More members, for clients that expect others than those of RFC 9457. */
  readonly more?: Readonly<Record<string, unknown>>
}

/** All problems with the same status have the same title. `detail` says what happened (RFC 9457, 3.1.3). */
export function toProblemBody({ status, code, detail, more = {} }: Problem): Buffer {
  return Buffer.from(JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail, code, ...more }))
}

/** Rounds up to whole seconds. At least 1. */
export function toRetryAfter(retryAfterMs: number): string {
  return String(Math.max(1, Math.ceil(retryAfterMs / 1000)))
}
