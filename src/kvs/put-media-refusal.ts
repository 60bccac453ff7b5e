import type { IncomingHttpHeaders } from 'node:http'
import { GatewayError } from '../domain/errors.js'
import type { Acknowledgement } from './acknowledgement.js'
import { toGatewayError } from './aws-errors.js'

/** PutMedia refused the media. Fragments that were persisted before are kept. The ID is that of AWS's table of acknowledgement errors. */
export function toMediaRefusal({ errorId, errorCode, fragmentTimecodeMs }: Acknowledgement): GatewayError {
  const where = fragmentTimecodeMs === null ? '' : ` at the fragment with timecode ${fragmentTimecodeMs}`
  const what = `${errorCode ?? 'no error code'} (${errorId ?? 'no error id'})`
  return new GatewayError('BAD_USER_INPUT', `Kinesis Video refused the media${where}: ${what}`)
}

/** Converts a response of PutMedia other than 200 in the same way as the SDK's errors. */
export function parsePutMediaRefusal(answer: { statusCode: number | undefined; headers: IncomingHttpHeaders; body: string }): GatewayError {
  const fields = parseBody(answer.body)
  const header = answer.headers['x-amzn-errortype']
  const requestId = answer.headers['x-amzn-requestid']
  const error = new Error(fields.message ?? `HTTP status ${answer.statusCode}`)
  error.name = toExceptionName((typeof header === 'string' ? header : null) ?? fields.type ?? 'Unknown')
  return toGatewayError(Object.assign(error, { $metadata: { httpStatusCode: answer.statusCode, requestId } }), 'PutMedia')
}

function parseBody(body: string): { readonly type: string | null; readonly message: string | null } {
  try {
    const value: unknown = JSON.parse(body)
    const fields: Readonly<Record<string, unknown>> = typeof value === 'object' && value !== null ? { ...value } : {}
    return { type: toText(fields.__type) ?? toText(fields.code), message: toText(fields.Message) ?? toText(fields.message) }
  } catch {
    // Not JSON: only the status is known.
    return { type: null, message: null }
  }
}

/** The service sends `namespace#Name` and `Name:http://…` (kvs facts, 1.5). */
function toExceptionName(type: string): string {
  return type.replace(/^.*#/, '').replace(/:.*$/, '')
}

function toText(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
