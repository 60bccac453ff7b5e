import type { Clock, EpochMs } from './clock.js'

export interface TokenBucketOptions {
  readonly clock: Clock
  readonly perSecond: number
  /** Tokens in a full bucket. Those of one second if omitted. */
  readonly capacity?: number
}

/** A rate limit. The bucket is full at first and refills evenly. */
export class TokenBucket {
  readonly #clock: Clock
  readonly #perSecond: number
  readonly capacity: number
  #tokens: number
  #refilledAtMs: EpochMs

  constructor({ clock, perSecond, capacity = perSecond }: TokenBucketOptions) {
    this.#clock = clock
    this.#perSecond = perSecond
    this.capacity = capacity
    this.#tokens = capacity
    this.#refilledAtMs = clock.now()
  }

  get tokens(): number {
    this.#refill()
    return this.#tokens
  }

  /** Milliseconds until the tokens can be taken; 0 if they can be now. More than the capacity can be taken from a full bucket. */
  waitMs(tokens: number): number {
    this.#refill()
    const missing = Math.min(tokens, this.capacity) - this.#tokens
    return missing <= 0 ? 0 : Math.ceil((missing / this.#perSecond) * 1000)
  }

  /** Always takes the tokens. The balance may become negative; it then refills first. */
  take(tokens: number): void {
    this.#refill()
    this.#tokens -= tokens
  }

  isFull(): boolean {
    this.#refill()
    return this.#tokens >= this.capacity
  }

  #refill(): void {
    const now = this.#clock.now()
    // If a wall clock is set back, nothing is refilled.
    const elapsedMs = Math.max(0, now - this.#refilledAtMs)
    this.#tokens = Math.min(this.capacity, this.#tokens + (elapsedMs / 1000) * this.#perSecond)
    this.#refilledAtMs = now
  }
}
