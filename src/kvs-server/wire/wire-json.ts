import type { EpochMs } from '../../lib/clock.js'

/** A point in time within an answer: written as the service writes it, epoch seconds in Java's double notation (1.705489836421E9). */
export class WireTimestamp {
  constructor(readonly epochMs: EpochMs) {}
}

/** JSON as the service sends it: explicit nulls are kept, members that are undefined are left out, timestamps are Java doubles. */
export function encodeWireJson(value: unknown): string {
  if (value instanceof WireTimestamp) return javaDouble(value.epochMs / 1000)
  if (Array.isArray(value)) return `[${value.map(encodeWireJson).join(',')}]`
  if (typeof value === 'object' && value !== null) return encodeObject(value)
  return JSON.stringify(value ?? null)
}

function encodeObject(value: object): string {
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${encodeWireJson(member)}`).join(',')}}`
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
