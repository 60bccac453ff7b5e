import type { EpochMs } from '../../lib/clock.js'
import { AwsException } from './aws-exception.js'
import { isStructure, type WireInput } from './wire-input.js'

declare global {
  interface JSON {
    /** In Node since 21 (TC39 JSON.parse source text access): JSON.stringify writes the text unchanged. */
    rawJSON(text: string): object
  }
}

/** A timestamp in a response, in the notation of the service: epoch seconds as a Java double (1.705489836421E9). */
export class WireTimestamp {
  constructor(readonly epochMs: EpochMs) {}

  toJSON(): object {
    return JSON.rawJSON(javaDouble(this.epochMs / 1000))
  }
}

/** JSON in the form of the service: nulls are explicit, undefined members are omitted, timestamps are Java doubles. */
export function encodeWireJson(value: unknown): string {
  return JSON.stringify(value ?? null)
}

// Double.toString: plain between 10^-3 and 10^7, else one digit, a point, at least one digit, E and the exponent.
function javaDouble(value: number): string {
  const size = Math.abs(value)
  if (value === 0 || (size >= 1e-3 && size < 1e7)) return withFraction(String(value))
  const [mantissa = '0', exponent = '0'] = value.toExponential().split('e')
  return `${withFraction(mantissa)}E${Number(exponent)}`
}

function withFraction(digits: string): string {
  return digits.includes('.') ? digits : `${digits}.0`
}

/** The JSON of a request body. An empty body is an empty structure. Clients also send `NaN` (JavaScript's `Date(NaN)`), which is not JSON. */
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
