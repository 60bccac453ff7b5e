import { StoreFull } from './part-broken.js'
import type { FolderContent } from './part-folder.js'

export interface PartIndexOptions {
  /** The limit for stored and arriving parts together. */
  readonly capBytes: number
  /** The limit for the number of parts, so that listing them at a start is quick. */
  readonly maxParts: number
  /** Whether a stored part is in use. Such a part is not evicted. */
  readonly isHeld: (name: string) => boolean
  /** Called when every part is in use. Ends the use of parts that nobody reads. False if there are none. */
  readonly relieve: () => boolean
  /** Removes a part from the disk unless another process has used it since `usedAtMs`. Resolves with the time of that use, or with null. */
  readonly remove: (name: string, usedAtMs: number) => Promise<number | null>
}

export interface Reservation {
  /** Makes room for this many bytes in all. @throws StoreFull */
  grow(bytes: number): Promise<void>
  release(): void
}

interface IndexedPart {
  readonly sizeBytes: number
  readonly usedAtMs: number
}

/** The stored parts, their sizes and the order in which they were used. Decides which parts are evicted. */
export class PartIndex {
  /** In order of use, the least recently used first. */
  readonly #parts = new Map<string, IndexedPart>()
  readonly #leaving = new Map<string, Promise<unknown>>()
  /** Names that changed while the folder was being listed. The listing is outdated for them. */
  #changed: Set<string> | null = null
  #storedBytes = 0
  #arrivingBytes = 0
  #foreignBytes = 0

  constructor(private readonly options: PartIndexOptions) {}

  /** Includes arriving parts, also those of other processes. */
  get sizeBytes(): number {
    return this.#storedBytes + this.#arrivingBytes + this.#foreignBytes
  }

  /** Bytes that other processes are writing, as of the last listing. */
  get foreignBytes(): number {
    return this.#foreignBytes
  }

  get names(): ReadonlyMap<string, unknown> {
    return this.#parts
  }

  /** Adds a stored part, or notes that it was used now. */
  use(name: string, sizeBytes: number, usedAtMs = Date.now()): void {
    this.forget(name)
    this.#parts.set(name, { sizeBytes, usedAtMs })
    this.#storedBytes += sizeBytes
  }

  /** Notes that a part was used now, if it is stored. */
  touch(name: string): void {
    const part = this.#parts.get(name)
    if (part !== undefined) this.use(name, part.sizeBytes)
  }

  forget(name: string): void {
    const part = this.#parts.get(name)
    if (part !== undefined) this.#storedBytes -= part.sizeBytes
    this.#parts.delete(name)
    this.#changed?.add(name)
  }

  /** Takes over a listing of the folder, in which other processes add and remove parts. */
  async refresh(list: () => Promise<FolderContent>): Promise<void> {
    const changed = new Set<string>()
    this.#changed = changed
    try {
      const { parts, foreignBytes, names } = await list()
      this.#foreignBytes = foreignBytes
      for (const name of [...this.#parts.keys()]) if (!names.has(name) && !changed.has(name)) this.forget(name)
      for (const { name, sizeBytes, usedAtMs } of parts) if (!changed.has(name)) this.use(name, sizeBytes, usedAtMs)
    } finally {
      this.#changed = null
    }
  }

  /** Resolves when no eviction of this part is in progress. */
  async settled(name: string): Promise<void> {
    await this.#leaving.get(name)
  }

  /** Forgets a part, whether or not it is held, while `remove` removes it. */
  discard(name: string, remove: () => Promise<void>): Promise<void> {
    this.forget(name)
    const leaving = remove().finally(() => this.#leaving.delete(name))
    this.#leaving.set(
      name,
      leaving.catch(() => null),
    )
    return leaving
  }

  reserve(): Reservation {
    let reserved = 0
    return {
      grow: async (bytes) => {
        if (bytes <= reserved) return
        const evictions = this.#makeRoom(bytes - reserved)
        this.#arrivingBytes += bytes - reserved
        reserved = bytes
        const areGone = await Promise.all(evictions)
        if (areGone.includes(false)) await this.trim()
      },
      release: () => {
        this.#arrivingBytes -= reserved
        reserved = 0
      },
    }
  }

  /** Evicts the least recently used part that is not held, unless another process has used it. False if there is none. */
  async evictOne(): Promise<boolean> {
    const name = this.#leastRecentlyUsed()
    if (name === null) return false
    await this.#evict(name)
    return true
  }

  async trim(): Promise<void> {
    while (this.sizeBytes > this.options.capBytes || this.#parts.size > this.options.maxParts) {
      if (!(await this.evictOne())) return
    }
  }

  #makeRoom(neededBytes: number): Promise<boolean>[] {
    const { capBytes } = this.options
    const evictions: Promise<boolean>[] = []
    while (this.sizeBytes + neededBytes > capBytes || this.#parts.size >= this.options.maxParts) {
      const name = this.#leastRecentlyUsed()
      if (name === null) {
        // Nobody awaits them.
        for (const eviction of evictions) eviction.catch(() => null)
        throw this.#full(neededBytes)
      }
      evictions.push(this.#evict(name))
    }
    return evictions
  }

  #full(neededBytes: number): StoreFull {
    return new StoreFull(
      `the clip store holds at most ${this.options.capBytes} bytes; ${this.sizeBytes} are in use now, and ${neededBytes} more are needed`,
    )
  }

  #leastRecentlyUsed(): string | null {
    return this.#findUnheld() ?? (this.options.relieve() ? this.#findUnheld() : null)
  }

  #findUnheld(): string | null {
    for (const name of this.#parts.keys()) if (!this.options.isHeld(name)) return name
    return null
  }

  /** False if another process has used the part, which then stays. @throws StoreFull if it cannot be removed */
  #evict(name: string): Promise<boolean> {
    const part = this.#parts.get(name)
    if (part === undefined) return Promise.resolve(true)
    this.forget(name)
    const leaving = this.#remove(name, part).finally(() => this.#leaving.delete(name))
    this.#leaving.set(
      name,
      leaving.catch(() => null),
    )
    return leaving
  }

  async #remove(name: string, { sizeBytes, usedAtMs }: IndexedPart): Promise<boolean> {
    try {
      const usedSinceMs = await this.options.remove(name, usedAtMs)
      if (usedSinceMs === null) return true
      this.use(name, sizeBytes, usedSinceMs)
      return false
    } catch (cause) {
      this.use(name, sizeBytes, usedAtMs)
      throw new StoreFull('a part of the clip store that nobody uses cannot be removed', { cause })
    }
  }
}
