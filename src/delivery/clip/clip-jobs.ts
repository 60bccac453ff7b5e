import { LRUCache } from 'lru-cache'
import { type Clock, orAborted } from '../../lib/clock.js'
import { type PartSources, Parts } from '../parts/parts.js'
import type { ClipOutline } from '../plan/clip-outline.js'
import type { ClipUnavailable } from '../serve/clip-unavailable.js'
import type { CodecChangeSources } from '../verify/codec-change.js'
import { ClipJob, type ClipSources } from './clip-job.js'
import { toClipUnavailable } from './explain-failure.js'

/** A player asks for one range after another: what nobody holds stays at hand for a moment, the last one whatever its size. */
const IDLE_MS = 15_000
const MAX_IDLE_CLIPS = 64
const MOST_IDLE_BYTES = 512 * 1024 * 1024
const FAILURE_TTL_MS = 10 * 60_000
const MAX_FAILURES = 1000

export interface JobHold {
  readonly job: ClipJob
  /** Whether this hold began it. */
  readonly isNew: boolean
  /** May be called more than once. */
  release(): void
  /** Something of the clip is broken: whoever comes next starts anew. */
  discard(): void
}

export interface ClipJobsOptions {
  readonly clock: Clock
  /** The most that idle clips may keep from making way in the store: a part of what it may hold. */
  readonly maxIdleBytes?: number
  /** Called for each clip that failed through a fault of the gateway. */
  readonly onFault?: (error: ClipUnavailable) => void
}

interface Entry {
  readonly id: string
  readonly job: ClipJob
  holders: number
  idleTimer: NodeJS.Timeout | null
  sizeBytes: number
}

/** The clips that are being made or read, one clip each however many want it, and for a while why others failed. */
export class ClipJobs {
  readonly #sources: ClipSources
  readonly #failures: LRUCache<string, ClipUnavailable>
  readonly #maxIdleBytes: number
  readonly #onFault: (error: ClipUnavailable) => void
  /** Idle ones stand in the order in which they became so. */
  readonly #entries = new Map<string, Entry>()

  constructor(
    sources: CodecChangeSources & PartSources,
    { clock, maxIdleBytes = MOST_IDLE_BYTES, onFault = () => undefined }: ClipJobsOptions,
  ) {
    this.#sources = { ...sources, parts: new Parts(sources) }
    this.#maxIdleBytes = Math.min(maxIdleBytes, MOST_IDLE_BYTES)
    this.#onFault = onFault
    this.#failures = new LRUCache({ max: MAX_FAILURES, ttl: FAILURE_TTL_MS, ttlResolution: 0, perf: clock })
    sources.store.onPressure?.(() => this.#dropIdle())
  }

  /** Why the last making of a clip failed, as far as is remembered. */
  failureOf(id: string): ClipUnavailable | null {
    return this.#failures.get(id) ?? null
  }

  hold(id: string, outline: ClipOutline): JobHold {
    const known = this.#entries.get(id)
    return this.#toHold(known ?? this.#start(id, outline), known === undefined)
  }

  /** The clip if it is being made, or at hand, or if all that it is made of is stored: fetches nothing. Null otherwise. */
  async find(id: string, outline: ClipOutline, signal: AbortSignal): Promise<JobHold | null> {
    if (!this.#entries.has(id) && !(await orAborted(this.#sources.parts.hasAll(outline), signal))) return null
    return this.hold(id, outline)
  }

  /** Gives up what is being made. */
  close(): void {
    for (const entry of this.#entries.values()) this.#drop(entry)
  }

  #toHold(entry: Entry, isNew: boolean): JobHold {
    this.#take(entry)
    let isReleased = false
    const release = () => {
      if (!isReleased) this.#letGo(entry)
      isReleased = true
    }
    return { job: entry.job, isNew, release, discard: () => this.#forget(entry) }
  }

  /** A making that has begun goes on until every byte is there, whoever leaves. */
  #start(id: string, outline: ClipOutline): Entry {
    const job = new ClipJob(outline, this.#sources)
    const entry: Entry = { id, job, holders: 0, idleTimer: null, sizeBytes: 0 }
    this.#entries.set(id, entry)
    this.#failures.delete(id)
    this.#take(entry)
    job.whole.then(
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
      entry.job.close()
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
    entry.job.close()
  }

  #forget(entry: Entry): void {
    if (this.#entries.get(entry.id) === entry) this.#entries.delete(entry.id)
  }
}
