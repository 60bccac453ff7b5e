import { AwsException } from '../aws-exception.js'
import { InjectedFault } from '../faults/injected-fault.js'
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
  if (error instanceof AwsException || error instanceof InjectedFault) return error
  log.error({ err: error, requestId: call.requestId }, 'an operation failed')
  return { name: 'InternalFailure', status: 500, message: 'The request failed because of an internal error.' }
}

// Real answers to bad signatures come from another layer of AWS than the service, and spell their member in lower case.
const LOWER_CASE_MESSAGE: readonly string[] = [
  'IncompleteSignatureException',
  'InvalidSignatureException',
  'MissingAuthenticationTokenException',
  'UnrecognizedClientException',
]

export function sendError({ response, call }: Exchange, { name, status, message }: WireError): void {
  const member = LOWER_CASE_MESSAGE.includes(name) ? 'message' : 'Message'
  sendJson(response, { __type: name, [member]: message }, { status, requestId: call.requestId, headers: { 'x-amzn-ErrorType': name } })
}
