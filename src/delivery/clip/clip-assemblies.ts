import { LRUCache } from 'lru-cache'
import type { Clock } from '../../lib/clock.js'
import { PartWaits } from '../parts/part-waits.js'
import { isClipStored } from '../parts/stored-edges.js'
import type { ClipOutline } from '../plan/clip-outline.js'
import type { ClipUnavailable } from '../serve/clip-unavailable.js'
import { type AssemblySources, ClipAssembly } from './clip-assembly.js'
import { toClipUnavailable } from './to-clip-unavailable.js'

/** A player asks for one range after another: what nobody holds stays at hand for a moment, the last one whatever its size. */
const IDLE_MS = 15_000
const MAX_IDLE_CLIPS = 64
const MOST_IDLE_BYTES = 512 * 1024 * 1024
const FAILURE_TTL_MS = 10 * 60_000
const MAX_FAILURES = 1000

export interface AssemblyHold {
  readonly assembly: ClipAssembly
  /** Whether this hold began it. */
  readonly isNew: boolean
  /** May be called more than once. */
  release(): void
  /** Something of the assembly is broken: whoever comes next starts anew. */
  discard(): void
}

export interface ClipAssembliesOptions {
  readonly clock: Clock
  /** The most that idle clips may keep from making way in the store: a part of what it may hold. */
  readonly maxIdleBytes?: number
  /** Called for each clip that failed through a fault of the gateway. */
  readonly onFault?: (error: ClipUnavailable) => void
}

interface Entry {
  readonly id: string
  readonly assembly: ClipAssembly
  holders: number
  idleTimer: NodeJS.Timeout | null
  sizeBytes: number
}

/** The clips that are being made or read, one assembly each however many want it, and for a while why others failed. */
export class ClipAssemblies {
  readonly #sources: AssemblySources
  readonly #failures: LRUCache<string, ClipUnavailable>
  readonly #maxIdleBytes: number
  readonly #onFault: (error: ClipUnavailable) => void
  /** Idle ones stand in the order in which they became so. */
  readonly #entries = new Map<string, Entry>()

  constructor(
    sources: Omit<AssemblySources, 'waits'>,
    { clock, maxIdleBytes = MOST_IDLE_BYTES, onFault = () => undefined }: ClipAssembliesOptions,
  ) {
    this.#sources = { ...sources, waits: new PartWaits() }
    this.#maxIdleBytes = Math.min(maxIdleBytes, MOST_IDLE_BYTES)
    this.#onFault = onFault
    this.#failures = new LRUCache({ max: MAX_FAILURES, ttl: FAILURE_TTL_MS, ttlResolution: 0, perf: clock })
    sources.store.onPressure?.(() => this.#dropIdle())
  }

  /** Why the last making of a clip failed, as far as is remembered. */
  failureOf(id: string): ClipUnavailable | null {
    return this.#failures.get(id) ?? null
  }

  hold(id: string, outline: ClipOutline): AssemblyHold {
    const known = this.#entries.get(id)
    return this.#toHold(known ?? this.#start(id, outline), known === undefined)
  }

  /** The clip if it is being made, or at hand, or if all that it is made of is stored: fetches nothing. Null otherwise. */
  async find(id: string, outline: ClipOutline, signal: AbortSignal): Promise<AssemblyHold | null> {
    if (!this.#entries.has(id) && !(await isClipStored(this.#sources, outline, signal))) return null
    return this.hold(id, outline)
  }

  /** Gives up what is being made. */
  close(): void {
    for (const entry of this.#entries.values()) this.#drop(entry)
  }

  #toHold(entry: Entry, isNew: boolean): AssemblyHold {
    this.#take(entry)
    let isReleased = false
    const release = () => {
      if (!isReleased) this.#letGo(entry)
      isReleased = true
    }
    return { assembly: entry.assembly, isNew, release, discard: () => this.#forget(entry) }
  }

  /** A making that has begun goes on until every byte is there, whoever leaves. */
  #start(id: string, outline: ClipOutline): Entry {
    const assembly = new ClipAssembly(outline, this.#sources)
    const entry: Entry = { id, assembly, holders: 0, idleTimer: null, sizeBytes: 0 }
    this.#entries.set(id, entry)
    this.#failures.delete(id)
    this.#take(entry)
    assembly.whole.then(
      (facts) => {
        entry.sizeBytes = facts.sizeBytes
        this.#letGo(entry)
      },
      (error) => {
        // Forget it now, so that the next request starts again.
        this.#forget(entry)
        const unavailable = toClipUnavailable(error)
        this.#failures.set(id, unavailable)
        // What was given up because the gateway stops has no cause.
        if (unavailable.reason === 'INTERNAL' && unavailable.cause !== undefined) this.#onFault(unavailable)
        this.#letGo(entry)
      },
    )
    return entry
  }

  #take(entry: Entry): void {
    entry.holders += 1
    if (entry.idleTimer !== null) clearTimeout(entry.idleTimer)
    entry.idleTimer = null
  }

  #letGo(entry: Entry): void {
    entry.holders -= 1
    if (entry.holders > 0) return
    if (this.#entries.get(entry.id) !== entry) {
      entry.assembly.close()
      return
    }
    this.#entries.delete(entry.id)
    this.#entries.set(entry.id, entry)
    entry.idleTimer = setTimeout(() => this.#drop(entry), IDLE_MS).unref()
    this.#trim(entry)
  }

  #trim(newest: Entry): void {
    const idle = [...this.#entries.values()].filter((entry) => entry.holders === 0)
    let bytes = idle.reduce((sum, entry) => sum + entry.sizeBytes, 0)
    let count = idle.length
    for (const entry of idle) {
      if (entry === newest || (bytes <= this.#maxIdleBytes && count <= MAX_IDLE_CLIPS)) return
      bytes -= entry.sizeBytes
      count -= 1
      this.#drop(entry)
    }
  }

  #dropIdle(): void {
    for (const entry of [...this.#entries.values()]) if (entry.holders === 0) this.#drop(entry)
  }

  #drop(entry: Entry): void {
    if (entry.idleTimer !== null) clearTimeout(entry.idleTimer)
    this.#forget(entry)
    entry.assembly.close()
  }

  #forget(entry: Entry): void {
    if (this.#entries.get(entry.id) === entry) this.#entries.delete(entry.id)
  }
}
