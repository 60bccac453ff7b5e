import { isOutOfDescriptors } from '../lib/thrown.js'

const RETRY_AFTER_MS = 1_000

/** The gateway itself cannot answer now, and soon can again. Its message is for the caller. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable'
  readonly retryAfterMs = RETRY_AFTER_MS
}

/** What the caller is told of an error that passes by itself; null for any other. */
export function toUnavailable(error: unknown): Unavailable | null {
  if (error instanceof Unavailable) return error
  if (!isOutOfDescriptors(error)) return null
  return new Unavailable('The gateway has too many files and connections open. Send the request again later.', { cause: error })
}
