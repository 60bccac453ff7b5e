import { LRUCache } from 'lru-cache'
import { type Clock, orAborted } from '../../lib/clock.js'
import { HeldValues, type Hold } from '../../lib/held-values.js'
import { type PartSources, SharedParts } from '../parts/shared-parts.js'
import type { ClipOutline } from '../plan/clip-outline.js'
import type { ClipUnavailable } from '../serve/clip-unavailable.js'
import type { CodecChangeSources } from '../verify/codec-change.js'
import { ClipJob, type ClipSources } from './clip-job.js'
import { toClipUnavailable } from './explain-failure.js'

/**
 * A player requests one range after another, so a clip stays open for a while after its last reader. The latest clip stays open whatever
 * its size.
 */
const IDLE_MS = 15_000
const MAX_IDLE_CLIPS = 64
const MOST_IDLE_BYTES = 512 * 1024 * 1024
const FAILURE_TTL_MS = 10 * 60_000
const MAX_FAILURES = 1000

export interface JobHold {
  readonly job: ClipJob
  readonly isNew: boolean
  /** May be called more than once. */
  release(): void
  /** Marks the clip as broken, so that the next hold starts a new job. */
  discard(): void
}

export interface ClipJobsOptions {
  readonly clock: Clock
  /** Maximum bytes of idle clips that are protected from eviction. */
  readonly maxIdleBytes?: number
  /** Called for each clip that failed because of a fault of the gateway. */
  readonly onFault?: (error: ClipUnavailable) => void
}

/** The clips that are being made or read. All readers of a clip share one job. Remembers recent failures. */
export class ClipJobs {
  readonly #sources: ClipSources
  readonly #jobs = new HeldValues<ClipJob>()
  /** Holds on clips that recently had readers. */
  readonly #idle: LRUCache<string, Hold<ClipJob>>
  readonly #failures: LRUCache<string, ClipUnavailable>
  readonly #onFault: (error: ClipUnavailable) => void

  constructor(
    sources: CodecChangeSources & PartSources,
    { clock, maxIdleBytes = MOST_IDLE_BYTES, onFault = () => undefined }: ClipJobsOptions,
  ) {
    this.#sources = { ...sources, parts: new SharedParts(sources) }
    this.#onFault = onFault
    this.#failures = new LRUCache({ max: MAX_FAILURES, ttl: FAILURE_TTL_MS, ttlResolution: 0, perf: clock })
    const maxSize = Math.max(1, Math.floor(Math.min(maxIdleBytes, MOST_IDLE_BYTES)))
    this.#idle = new LRUCache({
      max: MAX_IDLE_CLIPS,
      maxSize,
      sizeCalculation: ({ value: { outcome } }) => Math.min(maxSize, outcome?.state === 'ready' ? outcome.facts.sizeBytes : 1),
      ttl: IDLE_MS,
      ttlAutopurge: true,
      dispose: ({ release }) => release(),
    })
    sources.store.onPressure?.(() => this.#idle.clear())
  }

  /** The error of the last attempt to make the clip. Null if that attempt succeeded or its error was forgotten. */
  failureOf(id: string): ClipUnavailable | null {
    return this.#failures.get(id) ?? null
  }

  hold(id: string, outline: ClipOutline): JobHold {
    const { value: job, isNew, release } = this.#jobs.hold(id, () => new ClipJob(outline, this.#sources))
    if (isNew) this.#watch(id, job)
    return {
      job,
      isNew,
      release: () => {
        this.#keepIdle(id, job)
        release()
      },
      discard: () => this.#forget(id, job),
    }
  }

  /** Holds the clip if it is being made, is open, or has all its data in the store. Null otherwise. Fetches nothing. */
  async find(id: string, outline: ClipOutline, signal: AbortSignal): Promise<JobHold | null> {
    if (this.#jobs.get(id) === undefined && !(await orAborted(this.#sources.parts.hasAll(outline), signal))) return null
    return this.hold(id, outline)
  }

  close(): void {
    this.#idle.clear()
    for (const job of this.#jobs.values) job.close()
  }

  /** Holds the job until every byte has arrived, even if nobody waits for it. */
  #watch(id: string, job: ClipJob): void {
    this.#failures.delete(id)
    const { release } = this.#jobs.hold(id, () => job)
    job.whole.then(
      () => {
        this.#keepIdle(id, job)
        release()
      },
      (error) => {
        // Forget it now, so that the next request starts again.
        this.#forget(id, job)
        const unavailable = toClipUnavailable(error)
        this.#failures.set(id, unavailable)
        // A job that ended because the gateway stops has no cause.
        if (unavailable.reason === 'INTERNAL' && unavailable.cause !== undefined) this.#onFault(unavailable)
        release()
      },
    )
  }

  #keepIdle(id: string, job: ClipJob): void {
    if (this.#jobs.get(id) === job && job.outcome?.state === 'ready')
      this.#idle.set(
        id,
        this.#jobs.hold(id, () => job),
      )
  }

  #forget(id: string, job: ClipJob): void {
    if (this.#jobs.get(id) !== job) return
    this.#jobs.forget(id)
    this.#idle.delete(id)
  }
}
