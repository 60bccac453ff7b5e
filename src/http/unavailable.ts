import { isOutOfDescriptors } from '../lib/thrown.js'

const RETRY_AFTER_MS = 1_000

/** The gateway temporarily cannot respond. Clients see the message. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable'
  readonly retryAfterMs = RETRY_AFTER_MS
}

/** Converts a temporary error. Null for any other error. */
export function toUnavailable(error: unknown): Unavailable | null {
  if (error instanceof Unavailable) return error
  if (!isOutOfDescriptors(error)) return null
  return new Unavailable('The gateway has too many files and connections open. Send the request again later.', { cause: error })
}
