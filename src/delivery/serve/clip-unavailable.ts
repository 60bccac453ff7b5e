import type { ClipIssue } from '../../domain/clip-issue.js'
import type { ClipErrorCode } from '../../domain/errors.js'

export interface ClipUnavailableDetails {
  readonly retryAfterMs?: number | undefined
  /** Set if the footage cannot be in one file. Reported to a caller whose request has not been answered yet. */
  readonly issue?: ClipIssue
  /** Whether a retry gives the same result, although the reason is one that may pass. */
  readonly isLasting?: boolean
  readonly cause?: unknown
}

/** Thrown if a clip cannot be read. The message is for the caller, `cause` for the log. */
export class ClipUnavailable extends Error {
  override readonly name = 'ClipUnavailable'

  constructor(
    readonly reason: ClipErrorCode,
    message: string,
    readonly details: ClipUnavailableDetails = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
  }
}
