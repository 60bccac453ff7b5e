import type { Clock, EpochMs } from '../../lib/clock.js'

export interface TokenBucketOptions {
  readonly clock: Clock
  readonly perSecond: number
  /** How many it holds when full; what one second brings, unless a longer burst is allowed. */
  readonly capacity?: number
}

/** A rate over an injected clock: full at first, refilled steadily. */
export class TokenBucket {
  readonly #clock: Clock
  readonly #perSecond: number
  readonly #capacity: number
  #tokens: number
  #refilledAtMs: EpochMs

  constructor({ clock, perSecond, capacity = perSecond }: TokenBucketOptions) {
    this.#clock = clock
    this.#perSecond = perSecond
    this.#capacity = capacity
    this.#tokens = capacity
    this.#refilledAtMs = clock.now()
  }

  /** Milliseconds until so many can be taken; 0 when they can now. More than it ever holds can be taken once it is full. */
  waitMs(tokens: number): number {
    this.#refill()
    const missing = Math.min(tokens, this.#capacity) - this.#tokens
    return missing <= 0 ? 0 : Math.ceil((missing / this.#perSecond) * 1000)
  }

  /** Always takes the tokens. The balance may go below zero and must be refilled first. */
  take(tokens: number): void {
    this.#refill()
    this.#tokens -= tokens
  }

  isFull(): boolean {
    this.#refill()
    return this.#tokens >= this.#capacity
  }

  #refill(): void {
    const now = this.#clock.now()
    // A wall clock may be set back: nothing is refilled then, and counting goes on from there.
    const elapsedMs = Math.max(0, now - this.#refilledAtMs)
    this.#tokens = Math.min(this.#capacity, this.#tokens + (elapsedMs / 1000) * this.#perSecond)
    this.#refilledAtMs = now
  }
}
