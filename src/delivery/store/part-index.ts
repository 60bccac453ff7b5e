import { StoreFull } from './store-full.js'

export interface PartIndexOptions {
  /** The most bytes that stored and arriving parts may have together. */
  readonly capBytes: number
  /** The most parts, so that a restart never lists for long. */
  readonly maxParts: number
  /** Whether a stored part is in use; such a one is never evicted. */
  readonly isHeld: (name: string) => boolean
  /** Removes a part from the disk. */
  readonly remove: (name: string) => Promise<void>
}

/** Room for one arriving part. */
export interface Reservation {
  /** Makes room for this many bytes in all. Throws StoreFull. */
  grow(bytes: number): Promise<void>
  release(): void
}

/** Which parts are stored, how large, and in what order they were used; decides who goes when room is needed. */
export class PartIndex {
  readonly #options: PartIndexOptions
  /** In order of use, the least recent first. */
  readonly #sizes = new Map<string, number>()
  readonly #leaving = new Map<string, Promise<void>>()
  #storedBytes = 0
  #arrivingBytes = 0

  constructor(options: PartIndexOptions) {
    this.#options = options
  }

  get sizeBytes(): number {
    return this.#storedBytes + this.#arrivingBytes
  }

  /** Notes that a part is stored and was used now. */
  use(name: string, sizeBytes: number): void {
    this.forget(name)
    this.#sizes.set(name, sizeBytes)
    this.#storedBytes += sizeBytes
  }

  /** Notes that a part was used now, if it is stored. */
  touch(name: string): void {
    const sizeBytes = this.#sizes.get(name)
    if (sizeBytes !== undefined) this.use(name, sizeBytes)
  }

  forget(name: string): void {
    this.#storedBytes -= this.#sizes.get(name) ?? 0
    this.#sizes.delete(name)
  }

  /** Resolves when no eviction of this part is under way. */
  async settled(name: string): Promise<void> {
    await this.#leaving.get(name)
  }

  reserve(): Reservation {
    let reserved = 0
    return {
      grow: async (bytes) => {
        if (bytes <= reserved) return
        const evictions = this.#makeRoom(bytes - reserved)
        this.#arrivingBytes += bytes - reserved
        reserved = bytes
        await Promise.all(evictions)
      },
      release: () => {
        this.#arrivingBytes -= reserved
        reserved = 0
      },
    }
  }

  /** Evicts the least recently used part that is not held; false when there is none. */
  async evictOne(): Promise<boolean> {
    const name = this.#leastRecentlyUsed()
    if (name === null) return false
    await this.discard(name)
    return true
  }

  /** Brings what was found at start, or what is stored by now, under the caps. */
  async trim(): Promise<void> {
    while (this.sizeBytes > this.#options.capBytes || this.#sizes.size > this.#options.maxParts) {
      if (!(await this.evictOne())) return
    }
  }

  #makeRoom(neededBytes: number): Promise<void>[] {
    const { capBytes } = this.#options
    const evictions: Promise<void>[] = []
    while (this.sizeBytes + neededBytes > capBytes || this.#sizes.size >= this.#options.maxParts) {
      const name = this.#leastRecentlyUsed()
      if (name === null) throw this.#full(neededBytes)
      evictions.push(this.discard(name))
    }
    return evictions
  }

  #full(neededBytes: number): StoreFull {
    return new StoreFull(
      `the clip store holds at most ${this.#options.capBytes} bytes; ${this.sizeBytes} are in use now, and ${neededBytes} more are needed`,
    )
  }

  #leastRecentlyUsed(): string | null {
    for (const name of this.#sizes.keys()) if (!this.#options.isHeld(name)) return name
    return null
  }

  /** Removes a part, whether or not it is held. */
  discard(name: string): Promise<void> {
    this.forget(name)
    const leaving = this.#options.remove(name).finally(() => this.#leaving.delete(name))
    this.#leaving.set(name, leaving)
    return leaving
  }
}
