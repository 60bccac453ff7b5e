export interface MessageRateOptions {
  readonly perSecond: number
  /** How many may come at once. */
  readonly burst: number
  /** Milliseconds of a clock that does not go back. */
  readonly now?: () => number
}

/** A token bucket: whether one more message is within the rate. */
export class MessageRate {
  readonly #perMs: number
  readonly #burst: number
  readonly #now: () => number
  #left: number
  #atMs: number

  constructor({ perSecond, burst, now = () => performance.now() }: MessageRateOptions) {
    this.#perMs = perSecond / 1000
    this.#burst = burst
    this.#now = now
    this.#left = burst
    this.#atMs = now()
  }

  take(): boolean {
    const nowMs = this.#now()
    this.#left = Math.min(this.#burst, this.#left + (nowMs - this.#atMs) * this.#perMs)
    this.#atMs = nowMs
    if (this.#left < 1) return false
    this.#left -= 1
    return true
  }
}
