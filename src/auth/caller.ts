import type { Principal } from './principal.js'

export interface CallerOptions {
  readonly principal: Principal
  /** Aborted when the answer is no longer needed. */
  readonly signal: AbortSignal
  readonly requestId: string
}

/**
 * One request of a principal. Every service that resolvers can reach takes a caller. The private member makes the type nominal, so that an
 * AbortSignal or a similar object does not compile.
 */
export class Caller {
  readonly principal: Principal
  readonly signal: AbortSignal
  readonly requestId: string
  readonly #isCaller = true

  constructor({ principal, signal, requestId }: CallerOptions) {
    this.principal = principal
    this.signal = signal
    this.requestId = requestId
  }

  /** For code that the compiler has not checked. */
  static isCaller(value: unknown): value is Caller {
    return typeof value === 'object' && value !== null && #isCaller in value && value.#isCaller
  }
}

/** A port whose methods take a caller instead of a signal. */
export type ForCaller<Port> = {
  readonly [Name in keyof Port]: Port[Name] extends (...args: [...infer Args, AbortSignal]) => infer Answer
    ? (...args: [...Args, caller: Caller]) => Answer
    : never
}
