import { GatewayError } from '../domain/errors.js'

// The SDK's types describe the model of the service, but the SDK does not validate a response. The gateway validates each member once, here.

/** The end of the year 9999: an ISO string has four digits for the year. */
const MAX_EPOCH_MS = 253_402_300_799_999

/** The members of one object of a response. Each method validates one member. @throws GatewayError KVS_UNAVAILABLE */
export class AnswerFields {
  readonly #members: Readonly<Record<string, unknown>>

  constructor(
    object: unknown,
    private readonly operation: string,
  ) {
    if (typeof object !== 'object' || object === null) throw malformedAnswer(operation, 'a value that is not an object')
    this.#members = { ...object }
  }

  text(name: string, { pattern, maxLength }: { readonly pattern?: RegExp; readonly maxLength: number }): string {
    const value = this.#members[name]
    if (typeof value !== 'string' || value.length > maxLength || pattern?.test(value) === false) throw this.#malformed(name)
    return value
  }

  /** Null when the member is missing or empty. */
  optionalText(name: string, maxLength: number): string | null {
    const value = this.#members[name]
    return value === undefined || value === null || value === '' ? null : this.text(name, { maxLength })
  }

  epochMs(name: string): number {
    const value = this.#members[name]
    const ms = value instanceof Date ? value.getTime() : Number.NaN
    if (!Number.isSafeInteger(ms) || ms < 0 || ms > MAX_EPOCH_MS) throw this.#malformed(name)
    return ms
  }

  /** A whole number, 0 or more. */
  count(name: string, max: number): number {
    const value = this.#members[name]
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > max) throw this.#malformed(name)
    return value
  }

  oneOf<Value extends string>(name: string, values: readonly Value[]): Value {
    const value = values.find((known) => known === this.#members[name])
    if (value === undefined) throw this.#malformed(name)
    return value
  }

  /** Empty when the member is missing. */
  list(name: string): readonly unknown[] {
    const value = this.#members[name] ?? []
    if (!Array.isArray(value)) throw this.#malformed(name)
    return value
  }

  /** A map of strings. Empty when the member is missing. */
  texts(name: string, maxLength: number): readonly (readonly [key: string, value: string])[] {
    const value = this.#members[name] ?? {}
    if (typeof value !== 'object' || value === null) throw this.#malformed(name)
    return Object.entries(value).map(([key, text]) => {
      if (typeof text !== 'string' || text.length > maxLength || key.length > maxLength) throw this.#malformed(name)
      return [key, text]
    })
  }

  #malformed(name: string): GatewayError {
    return malformedAnswer(this.operation, `a ${name} that is missing or malformed`)
  }
}

export function malformedAnswer(operation: string, what: string): GatewayError {
  return new GatewayError('KVS_UNAVAILABLE', `Kinesis Video answered ${operation} with ${what}.`, { retryAfterMs: 5_000 })
}
