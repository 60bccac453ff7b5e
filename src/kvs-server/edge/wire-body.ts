import { AwsException } from '../aws-exception.js'
import type { WireInput } from '../operation.js'
import { isStructure } from '../wire/wire-input.js'

/** The JSON of a request's body; an empty body is an empty structure. Clients send `NaN` too (JavaScript's `Date(NaN)`): no JSON. */
export function parseWireBody(body: Uint8Array): WireInput {
  if (body.byteLength === 0) return {}
  const value = parseJson(body)
  if (isStructure(value)) return value
  throw new AwsException('InvalidArgumentException', 'The body must be a JSON object')
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch (cause) {
    throw new AwsException('InvalidArgumentException', 'The body is not JSON in UTF-8', { cause })
  }
}

/** The name of the stream that a request is about, as far as can be told before its operation has looked at it. */
export function findStreamName({ StreamName, StreamARN, ResourceARN }: WireInput): string | null {
  if (typeof StreamName === 'string') return StreamName
  const arn = typeof StreamARN === 'string' ? StreamARN : ResourceARN
  return typeof arn === 'string' ? (arn.split('/')[1] ?? null) : null
}
