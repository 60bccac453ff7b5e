import type { EpochMs } from '../../lib/clock.js'

declare global {
  interface JSON {
    /** TC39's JSON.parse source text access, in Node since 21: a text that JSON.stringify takes over as it stands. */
    rawJSON(text: string): object
  }
}

/** A point in time within an answer: written as the service writes it, epoch seconds in Java's double notation (1.705489836421E9). */
export class WireTimestamp {
  constructor(readonly epochMs: EpochMs) {}

  toJSON(): object {
    return JSON.rawJSON(javaDouble(this.epochMs / 1000))
  }
}

/** JSON as the service sends it: explicit nulls are kept, members that are undefined are left out, timestamps are Java doubles. */
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
