import { AwsException } from '../wire/aws-exception.js'
import { encodeWireJson } from '../wire/wire-json.js'
import type { Exchange } from './exchange.js'

export function sendJson({ response, call }: Exchange, body: object, { status = 200, headers = {} } = {}): void {
  const bytes = Buffer.from(encodeWireJson(body))
  const own = { 'x-amzn-RequestId': call.requestId, 'content-type': 'application/json', 'content-length': bytes.length }
  response.writeHead(status, { ...own, ...headers }).end(bytes)
}

export interface WireError {
  readonly name: string
  readonly status: number
  readonly message: string
}

/** Logs any other error with its stack, and hides it behind one plain sentence. */
export function toWireError(error: unknown, { log, call }: Exchange): WireError {
  if (error instanceof AwsException) return error
  log.error({ err: error, requestId: call.requestId }, 'an operation failed')
  return { name: 'InternalFailure', status: 500, message: 'The request failed because of an internal error.' }
}

// On AWS, another layer than the service refuses bad signatures. It spells the member in lower case.
const LOWER_CASE_MESSAGE: readonly string[] = [
  'IncompleteSignatureException',
  'InvalidSignatureException',
  'MissingAuthenticationTokenException',
  'UnrecognizedClientException',
]

export function sendError(exchange: Exchange, error: WireError): void {
  sendJson(exchange, toErrorBody(error), { status: error.status, headers: { 'x-amzn-ErrorType': error.name } })
}

export function toErrorBody({ name, message }: Pick<WireError, 'name' | 'message'>): object {
  return { __type: name, [LOWER_CASE_MESSAGE.includes(name) ? 'message' : 'Message']: message }
}
