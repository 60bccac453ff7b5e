import { AwsException } from '../aws-exception.js'
import type { Exchange } from './exchange.js'
import { sendJson } from './send-json.js'

/** What a failed request is answered with. */
export interface WireError {
  readonly name: string
  readonly status: number
  readonly message: string
}

/** Anything that is not ours is logged with its stack and shown as one plain sentence. */
export function toWireError(error: unknown, { log, call }: Exchange): WireError {
  if (error instanceof AwsException) return error
  log.error({ err: error, requestId: call.requestId }, 'an operation failed')
  return { name: 'InternalFailure', status: 500, message: 'The request failed because of an internal error.' }
}

// On AWS another layer than the service answers bad signatures. It spells the member in lower case.
const LOWER_CASE_MESSAGE: readonly string[] = [
  'IncompleteSignatureException',
  'InvalidSignatureException',
  'MissingAuthenticationTokenException',
  'UnrecognizedClientException',
]

export function sendError({ response, call }: Exchange, error: WireError): void {
  const { name, status } = error
  sendJson(response, toErrorBody(error), { status, requestId: call.requestId, headers: { 'x-amzn-ErrorType': name } })
}

export function toErrorBody({ name, message }: Pick<WireError, 'name' | 'message'>): object {
  return { __type: name, [LOWER_CASE_MESSAGE.includes(name) ? 'message' : 'Message']: message }
}
