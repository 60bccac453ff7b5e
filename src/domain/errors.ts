import type { ClipFailureCode } from './clip.js'

/** How the HTTP and GraphQL APIs report an error. */
interface ErrorView {
  /** `extensions.code` of a GraphQL error, and `code` of a problem document except on the clip route. */
  readonly graphql: GraphqlErrorCode
  readonly status: number
  /** The clip error that results if a requested clip fails with this error. */
  readonly clip: ClipErrorCode
}

export type GraphqlErrorCode =
  | 'BAD_USER_INPUT'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'RATE_LIMITED'
  | 'KVS_THROTTLED'
  | 'KVS_UNAVAILABLE'
  | 'KVS_ACCESS_DENIED'
  | 'INTERNAL_SERVER_ERROR'

export const ERRORS = {
  BAD_USER_INPUT: { graphql: 'BAD_USER_INPUT', status: 400, clip: 'INTERNAL' },
  UNAUTHENTICATED: { graphql: 'UNAUTHENTICATED', status: 401, clip: 'INTERNAL' },
  FORBIDDEN: { graphql: 'FORBIDDEN', status: 403, clip: 'INTERNAL' },
  NOT_FOUND: { graphql: 'NOT_FOUND', status: 404, clip: 'FOOTAGE_EXPIRED' },
  RATE_LIMITED: { graphql: 'RATE_LIMITED', status: 429, clip: 'KVS_THROTTLED' },
  KVS_THROTTLED: { graphql: 'KVS_THROTTLED', status: 503, clip: 'KVS_THROTTLED' },
  KVS_UNAVAILABLE: { graphql: 'KVS_UNAVAILABLE', status: 502, clip: 'KVS_FAILED' },
  KVS_ACCESS_DENIED: { graphql: 'KVS_ACCESS_DENIED', status: 502, clip: 'KVS_ACCESS_DENIED' },
  /** The gateway has too many files or connections open, or is stopping. */
  OVERLOADED: { graphql: 'INTERNAL_SERVER_ERROR', status: 503, clip: 'OVERLOADED' },
  INTERNAL_SERVER_ERROR: { graphql: 'INTERNAL_SERVER_ERROR', status: 500, clip: 'INTERNAL' },
} as const satisfies Record<string, ErrorView>
export type ErrorCode = keyof typeof ERRORS

/** Why the bytes of a clip are unavailable: `code` of the problem document, its status, and the failure of the clip in GraphQL. */
interface ClipErrorView {
  readonly status: number
  readonly failure: ClipFailureCode
  readonly isRetryable: boolean
}

export const CLIP_ERRORS = {
  /** The token was not made by this gateway, or it is damaged. */
  BAD_TOKEN: { status: 403, failure: 'INTERNAL', isRetryable: false },
  EXPIRED: { status: 410, failure: 'INTERNAL', isRetryable: false },
  /** The URL, or the API key that it was given to, was revoked. */
  REVOKED: { status: 410, failure: 'INTERNAL', isRetryable: false },
  FOOTAGE_EXPIRED: { status: 404, failure: 'FOOTAGE_EXPIRED', isRetryable: false },
  /** The listed footage does not match the token. */
  FOOTAGE_CHANGED: { status: 404, failure: 'FOOTAGE_CHANGED', isRetryable: false },
  /** The codec configuration changes inside the clip, or the parts do not fit together. */
  CODEC_CHANGES: { status: 404, failure: 'CODEC_CHANGES', isRetryable: false },
  KVS_THROTTLED: { status: 503, failure: 'KVS_THROTTLED', isRetryable: true },
  KVS_FAILED: { status: 502, failure: 'KVS_UNAVAILABLE', isRetryable: true },
  KVS_ACCESS_DENIED: { status: 502, failure: 'KVS_ACCESS_DENIED', isRetryable: false },
  STORE_FULL: { status: 503, failure: 'STORE_FULL', isRetryable: true },
  OVERLOADED: { status: 503, failure: 'INTERNAL', isRetryable: true },
  /** The client runs too many downloads at the same time. */
  RATE_LIMITED: { status: 429, failure: 'INTERNAL', isRetryable: true },
  /** A fault of the gateway. `cause` has the reason. */
  INTERNAL: { status: 500, failure: 'INTERNAL', isRetryable: true },
} as const satisfies Record<string, ClipErrorView>
export type ClipErrorCode = keyof typeof CLIP_ERRORS

export interface ErrorDetails {
  readonly retryAfterMs?: number
  readonly awsRequestId?: string
}

/** The one error class of the gateway. Its message is for the caller; `cause` is for the log. */
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
