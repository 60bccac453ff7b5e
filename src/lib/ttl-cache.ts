import type { Clock, EpochMs } from './clock.js'

/** A bounded memory: an entry is forgotten when it is `ttlMs` old, and the one unused for longest when there are more than `max`. */
export class TtlCache<Value> {
  // A Map keeps the order of insertion; a read puts its entry last, so that the first is the one to go.
  readonly #entries = new Map<string, { readonly value: Value; readonly expiresAtMs: EpochMs; readonly size: number }>()
  readonly #options: TtlCacheOptions<Value>
  #size = 0

  constructor(options: TtlCacheOptions<Value>) {
    this.#options = options
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    this.delete(key)
    if (entry.expiresAtMs <= this.#options.clock.now()) return undefined
    this.#add(key, entry)
    return entry.value
  }

  set(key: string, value: Value): void {
    this.delete(key)
    const { clock, ttlMs, max, sizeOf } = this.#options
    this.#add(key, { value, expiresAtMs: clock.now() + ttlMs, size: sizeOf?.(value) ?? 1 })
    for (const oldest of this.#entries.keys()) {
      if (this.#size <= max) return
      this.delete(oldest)
    }
  }

  delete(key: string): void {
    this.#size -= this.#entries.get(key)?.size ?? 0
    this.#entries.delete(key)
  }

  #add(key: string, entry: { readonly value: Value; readonly expiresAtMs: EpochMs; readonly size: number }): void {
    this.#entries.set(key, entry)
    this.#size += entry.size
  }
}

export interface TtlCacheOptions<Value> {
  readonly clock: Clock
  readonly ttlMs: number
  /** How many entries there may be, or the most that their sizes may sum up to. */
  readonly max: number
  /** 1 for each entry when left out. */
  readonly sizeOf?: (value: Value) => number
}
