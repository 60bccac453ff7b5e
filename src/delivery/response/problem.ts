/** An error as RFC 9457 shows it, with a code for programs. */
export interface Problem {
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly retryAfterMs?: number | null
}

const TITLES: Readonly<Record<number, string>> = {
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  410: 'Gone',
  412: 'Precondition Failed',
  416: 'Range Not Satisfiable',
  425: 'Too Early',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
}

export function toProblemBody({ status, code, detail }: Problem): Buffer {
  return Buffer.from(JSON.stringify({ type: 'about:blank', title: TITLES[status] ?? 'Error', status, detail, code }))
}

/** Whole seconds, never less than the wait. */
export function toRetryAfter(retryAfterMs: number): string {
  return String(Math.max(1, Math.ceil(retryAfterMs / 1000)))
}
