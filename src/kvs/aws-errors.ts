import { type ErrorCode, type ErrorDetails, GatewayError } from '../domain/errors.js'
import { messageOf, nameOf } from '../lib/thrown.js'
import { type Denial, findDenial } from './aws-denials.js'
import { AnswerOutOfBounds } from './bounded-body.js'

/** What an answer of Kinesis Video means to a caller of the gateway. Matched by name: the statuses are not what the model says (kvs facts, 1.6). */
const CODE_BY_EXCEPTION = {
  ClientLimitExceededException: 'KVS_THROTTLED',
  ConnectionLimitExceededException: 'KVS_THROTTLED',
  KMSAccessDeniedException: 'KVS_ACCESS_DENIED',
  LimitExceededException: 'KVS_THROTTLED',
  ThrottlingException: 'KVS_THROTTLED',
  TooManyRequestsException: 'KVS_THROTTLED',
  AccessDenied: 'KVS_ACCESS_DENIED',
  AccessDeniedException: 'KVS_ACCESS_DENIED',
  CredentialsProviderError: 'KVS_ACCESS_DENIED',
  ExpiredToken: 'KVS_ACCESS_DENIED',
  ExpiredTokenException: 'KVS_ACCESS_DENIED',
  IncompleteSignatureException: 'KVS_ACCESS_DENIED',
  InvalidClientTokenId: 'KVS_ACCESS_DENIED',
  InvalidClientTokenIdException: 'KVS_ACCESS_DENIED',
  InvalidSignatureException: 'KVS_ACCESS_DENIED',
  MissingAuthenticationToken: 'KVS_ACCESS_DENIED',
  MissingAuthenticationTokenException: 'KVS_ACCESS_DENIED',
  NotAuthorizedException: 'KVS_ACCESS_DENIED',
  RequestExpired: 'KVS_ACCESS_DENIED',
  RequestTimeTooSkewed: 'KVS_ACCESS_DENIED',
  SignatureDoesNotMatch: 'KVS_ACCESS_DENIED',
  TokenProviderError: 'KVS_ACCESS_DENIED',
  UnrecognizedClientException: 'KVS_ACCESS_DENIED',
  InvalidArgumentException: 'BAD_USER_INPUT',
  InvalidCodecPrivateDataException: 'BAD_USER_INPUT',
  InvalidMediaFrameException: 'BAD_USER_INPUT',
  InvalidResourceFormatException: 'BAD_USER_INPUT',
  MissingCodecPrivateDataException: 'BAD_USER_INPUT',
  NoDataRetentionException: 'BAD_USER_INPUT',
  UnsupportedStreamMediaTypeException: 'BAD_USER_INPUT',
  ValidationError: 'BAD_USER_INPUT',
  ValidationException: 'BAD_USER_INPUT',
  ResourceNotFoundException: 'NOT_FOUND',
  InternalFailure: 'KVS_UNAVAILABLE',
  ServiceUnavailable: 'KVS_UNAVAILABLE',
} as const satisfies Record<string, ErrorCode>
type KnownException = keyof typeof CODE_BY_EXCEPTION
type KvsErrorCode = (typeof CODE_BY_EXCEPTION)[KnownException]

/** What the caller is told. What AWS wrote goes with it only where it speaks of the caller's own input: a denial names our role and account. */
const SENTENCE: Record<KvsErrorCode, (operation: string, awsMessage: string) => string> = {
  KVS_THROTTLED: (operation) => `Kinesis Video throttles ${operation}: ask again later.`,
  KVS_ACCESS_DENIED: (operation) => `Kinesis Video does not let this gateway call ${operation}.`,
  KVS_UNAVAILABLE: (operation) => `Kinesis Video could not answer ${operation}.`,
  NOT_FOUND: (operation, awsMessage) => `Kinesis Video found nothing for ${operation}${awsMessage}.`,
  BAD_USER_INPUT: (operation, awsMessage) => `Kinesis Video refused ${operation}${awsMessage}.`,
}

/** Quota points come back within a second (kvs facts, 6.3). */
const RETRY_THROTTLED_AFTER_MS = 1_000
const RETRY_UNAVAILABLE_AFTER_MS = 5_000

/** Any failure of a call of the SDK as the gateway's one error; those that are it already pass. */
export function toGatewayError(error: unknown, operation: string): GatewayError {
  if (error instanceof GatewayError) return error
  const code = toCode(error)
  const denial = findDenial(error, operation)
  if (denial !== null) return new GatewayError(code, toSentence(code, operation, denial), toDetails(error, code), { cause: error })
  const message = messageOf(error).replace(/[.\s]+$/, '')
  const text = message === '' ? '' : `: ${message}`
  return new GatewayError(code, SENTENCE[code](operation, text.slice(0, 500)), toDetails(error, code), { cause: error })
}

function toSentence(code: KvsErrorCode, operation: string, { text }: Denial): string {
  const beginning = code === 'KVS_ACCESS_DENIED' ? 'Kinesis Video does not let this gateway call' : 'The gateway could not call'
  return `${beginning} ${operation}: ${text}.`
}

function toCode(error: unknown): KvsErrorCode {
  const name = nameOf(error)
  if (isKnown(name)) return CODE_BY_EXCEPTION[name]
  const status = httpStatusOf(error)
  // A data API asked of the wrong host answers in XML, which the SDK reports as a SyntaxError (kvs facts, 1.6 and 11.15).
  if (status === 401 || status === 403) return 'KVS_ACCESS_DENIED'
  return status === 429 ? 'KVS_THROTTLED' : 'KVS_UNAVAILABLE'
}

function toDetails(error: unknown, code: KvsErrorCode): ErrorDetails {
  const awsRequestId = awsRequestIdOf(error)
  return {
    ...(awsRequestId === null ? {} : { awsRequestId }),
    ...(code === 'KVS_THROTTLED' ? { retryAfterMs: RETRY_THROTTLED_AFTER_MS } : {}),
    ...(code === 'KVS_UNAVAILABLE' ? { retryAfterMs: RETRY_UNAVAILABLE_AFTER_MS } : {}),
  }
}

/** The name of the exception that KVS answered with, seen through the GatewayError that it became; null when it is none. */
export function awsExceptionOf(
  error: unknown,
): { readonly name: string; readonly message: string; readonly requestId: string | null } | null {
  const cause = error instanceof GatewayError ? error.cause : error
  if (httpStatusOf(cause) === null) return null
  return { name: nameOf(cause), message: messageOf(cause), requestId: awsRequestIdOf(cause) }
}

/** Whether asking again may help: the quota was used up, or the way there or the service failed, or it was the wrong host. */
export function toRetryKind(error: unknown): 'throttled' | 'transient' | 'never' {
  if (error instanceof GatewayError || error instanceof AnswerOutOfBounds) return 'never'
  const code = toCode(error)
  if (code === 'KVS_THROTTLED') return 'throttled'
  if (metadataOf(error)?.clockSkewCorrected === true) return 'transient'
  return code === 'KVS_UNAVAILABLE' || isWrongHost(error) ? 'transient' : 'never'
}

/** Whether the endpoint itself may be to blame, so that it should be looked up anew: no answer, a fault, or an answer that no KVS gives. */
export function isEndpointSuspect(error: unknown): boolean {
  if (error instanceof GatewayError) return false
  const status = httpStatusOf(error)
  return status === null || status >= 500 || isWrongHost(error)
}

function isWrongHost(error: unknown): boolean {
  const status = httpStatusOf(error)
  return status !== null && status >= 300 && !isKnown(nameOf(error))
}

function isKnown(name: string): name is KnownException {
  return Object.hasOwn(CODE_BY_EXCEPTION, name)
}

/** What a metric's label says of a failure. A service, or what answers in its place, may name its errors as it likes; each would be a series. */
export function toOutcome(error: unknown): string {
  const name = nameOf(error)
  return isKnown(name) ? name : 'other'
}

export function httpStatusOf(error: unknown): number | null {
  const status = metadataOf(error)?.httpStatusCode
  return typeof status === 'number' ? status : null
}

function awsRequestIdOf(error: unknown): string | null {
  const id = metadataOf(error)?.requestId
  return typeof id === 'string' ? id.slice(0, 128) : null
}

function metadataOf(error: unknown): { httpStatusCode?: unknown; requestId?: unknown; clockSkewCorrected?: unknown } | null {
  if (typeof error !== 'object' || error === null || !('$metadata' in error)) return null
  const metadata = error.$metadata
  return typeof metadata === 'object' && metadata !== null ? metadata : null
}
