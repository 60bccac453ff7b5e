/** HTTP statuses of the exceptions, by name, as the service models give them. */
export const EXCEPTION_STATUS = {
  AccessDeniedException: 401,
  AccountStreamLimitExceededException: 400,
  ClientLimitExceededException: 400,
  ConnectionLimitExceededException: 400,
  ExpiredTokenException: 403,
  IncompleteSignatureException: 403,
  InternalFailure: 500,
  InvalidArgumentException: 400,
  InvalidCodecPrivateDataException: 400,
  InvalidEndpointException: 400,
  InvalidMediaFrameException: 400,
  InvalidResourceFormatException: 400,
  InvalidSignatureException: 403,
  MissingAuthenticationTokenException: 403,
  MissingCodecPrivateDataException: 400,
  NoDataRetentionException: 400,
  NotAuthorizedException: 401,
  RequestEntityTooLargeException: 413,
  ResourceInUseException: 400,
  ResourceNotFoundException: 404,
  ServiceUnavailable: 503,
  TagsPerResourceExceededLimitException: 400,
  UnknownOperationException: 404,
  UnrecognizedClientException: 403,
  UnsupportedStreamMediaTypeException: 400,
  VersionMismatchException: 400,
} as const

/** Exceptions that only fault rules return: common AWS errors, and those in the models of other operations. */
export const FOREIGN_STATUS = { InvalidClientTokenId: 403, MissingAuthenticationToken: 403, StreamEdgeConfigurationNotFoundException: 404 }

export type ExceptionName = keyof typeof EXCEPTION_STATUS

/** The only error that the embedded server returns. The HTTP edge writes its status, headers and body. */
export class AwsException extends Error {
  override readonly name: string
  readonly status: number

  constructor(name: ExceptionName, message: string, options?: ErrorOptions)
  /** A fault rule may ask for any name and status. */
  constructor(fault: { readonly name: string; readonly status: number }, message: string)
  constructor(kind: ExceptionName | { readonly name: string; readonly status: number }, message: string, options?: ErrorOptions) {
    super(message, options)
    const { name, status } = typeof kind === 'string' ? { name: kind, status: EXCEPTION_STATUS[kind] } : kind
    this.name = name
    this.status = status
  }
}
