/** Everything that can be told to a caller and is not an issue of a clip request. */
export type ErrorCode =
  | 'BAD_USER_INPUT'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'RATE_LIMITED'
  | 'KVS_THROTTLED'
  | 'KVS_UNAVAILABLE'
  | 'KVS_ACCESS_DENIED'
  | 'INTERNAL_SERVER_ERROR'

export interface ErrorDetails {
  /** When to ask again. */
  readonly retryAfterMs?: number
  /** The call to AWS that answered so. */
  readonly awsRequestId?: string
}

/** The gateway's one error. Its message is for the caller; `cause` is for the log. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError'

  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly details: ErrorDetails = {},
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}
