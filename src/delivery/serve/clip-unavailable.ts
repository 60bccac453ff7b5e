import type { ClipErrorCode } from '../../domain/errors.js'

/** Thrown if a clip cannot be read. The message is for the caller, `cause` for the log. */
export class ClipUnavailable extends Error {
  override readonly name = 'ClipUnavailable'
  /** When to retry. Null if a retry would fail too. */
  readonly retryAfterMs: number | null

  constructor(
    readonly reason: ClipErrorCode,
    message: string,
    { retryAfterMs = null, cause }: { readonly retryAfterMs?: number | null; readonly cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause })
    this.retryAfterMs = retryAfterMs
  }
}
