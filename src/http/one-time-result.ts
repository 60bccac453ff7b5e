import type { ExecutionResult, FormattedExecutionResult } from 'graphql'

/**
 * A result that can be written once. In memory it is several times as large as its text, and graphql-ws holds it for as long as the text
 * waits to be read, so it gives up its data when it is written.
 */
export class OneTimeResult implements FormattedExecutionResult {
  readonly data?: undefined
  #formatted: FormattedExecutionResult | null
  readonly #source: ExecutionResult

  /** @param source what `formatted` was made of; it loses its data too */
  constructor(formatted: FormattedExecutionResult, source: ExecutionResult) {
    this.#formatted = formatted
    this.#source = source
  }

  toJSON(): FormattedExecutionResult | null {
    const formatted = this.#formatted
    this.#formatted = null
    this.#source.data = null
    return formatted
  }
}
