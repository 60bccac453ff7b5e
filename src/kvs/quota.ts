import { LRUCache } from 'lru-cache'
import { GatewayError } from '../domain/errors.js'
import { KVS_LIMITS } from '../domain/limits.js'
import { type Clock, orAborted } from '../lib/clock.js'
import { DeficitRoundRobin } from '../lib/deficit-round-robin.js'
import { findPrincipalId } from '../lib/running-request.js'
import { nameOf } from '../lib/thrown.js'
import { TokenBucket } from '../lib/token-bucket.js'
import type { StreamQuotaPoints } from './ports.js'

/** The points that a request takes from the stream's quota of archived reads (kvs facts, 6.3). */
export interface QuotaCost {
  readonly media: number
  readonly metadata: number
}

export interface QuotaTurn extends QuotaCost {
  /** Bulk reads go behind interactive ones, but one point in ten is left for them. */
  readonly isBulk?: boolean
  /** Called once if this request, or one before it, must wait for points. */
  readonly onWait?: ((reason: GatewayError) => void) | undefined
}

/**
 * The fraction of a second's points that stays in the bucket. The service counts a request on arrival, and the first request of a burst can take
 * longer than the others, so its bucket has had less time to refill. (Without the reserve, each long listing was throttled once.)
 */
const RESERVE = 0.2

/** Streams with a bucket. A new bucket is full, as an old one would be after a second. */
const MAX_STREAMS = 10_000

/** A GetClip of the most fragments. */
const QUANTUM = KVS_LIMITS.maxFragmentsPerGetClip
/** While bulk reads wait, this many points go to interactive reads before a bulk read is next. */
const INTERACTIVE_POINTS = 9 * QUANTUM
/** A claim waits no longer than this, and is refused at once if it would. */
const MAX_WAIT_MS = 120_000
/** Claims that wait for one stream. */
const MAX_CLAIMS = 10_000

interface Claim extends QuotaCost {
  readonly flow: string
  readonly cost: number
  readonly isBulk: boolean
  readonly served: () => void
  readonly notify: () => void
}

/**
 * Keeps the archived reads of each stream within its quota: reads wait until there are enough points. Principals share the points fairly. Reads of
 * other clients are unknown here, so the service can still answer ClientLimitExceededException.
 */
export class QuotaPacer {
  readonly #streams = new LRUCache<string, StreamQuota>({ max: MAX_STREAMS })

  constructor(private readonly clock: Clock) {}

  /**
   * Resolves when the points are taken. @throws GatewayError KVS_THROTTLED after a time-out, or at once if the points would come too late; the
   * signal's reason when the caller has left
   */
  async take(streamArn: string, { onWait, isBulk = false, ...cost }: QuotaTurn, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const quota = this.#quotaOf(streamArn)
    const served = Promise.withResolvers<void>()
    const claim: Claim = {
      media: cost.media,
      metadata: cost.metadata,
      flow: findPrincipalId(),
      cost: toPoints(cost),
      isBulk,
      served: served.resolve,
      notify: () => {
        if (!signal.aborted) onWait?.(toThrottled())
      },
    }
    quota.add(claim)
    try {
      await orAborted(served.promise, signal)
    } catch (error) {
      throw nameOf(error) === 'TimeoutError' ? toThrottled(error) : error
    } finally {
      quota.remove(claim)
    }
  }

  /** The remaining points, without the reads of other clients. */
  available(streamArn: string): QuotaCost {
    const quota = this.#streams.get(streamArn)
    return {
      media: Math.floor(quota?.media.tokens ?? KVS_LIMITS.mediaPointsPerSecond),
      metadata: Math.floor(quota?.metadata.tokens ?? KVS_LIMITS.metadataPointsPerSecond),
    }
  }

  #quotaOf(streamArn: string): StreamQuota {
    const quota = this.#streams.get(streamArn) ?? new StreamQuota(this.clock)
    this.#streams.set(streamArn, quota)
    return quota
  }
}

/** A service without quotas always has all points. */
export function toStreamQuota(available?: QuotaCost): StreamQuotaPoints {
  const { mediaPointsPerSecond, metadataPointsPerSecond } = KVS_LIMITS
  return {
    mediaPointsPerSecond,
    // A bucket can be overdrawn.
    mediaPointsAvailable: Math.max(0, available?.media ?? mediaPointsPerSecond),
    metadataPointsPerSecond,
    metadataPointsAvailable: Math.max(0, available?.metadata ?? metadataPointsPerSecond),
  }
}

/** The points of one stream, and the claims that wait for them. */
class StreamQuota {
  readonly media: TokenBucket
  readonly metadata: TokenBucket
  readonly #interactive = new DeficitRoundRobin<Claim>(QUANTUM)
  readonly #bulk = new DeficitRoundRobin<Claim>(QUANTUM)
  readonly #unnotified = new Set<Claim>()
  /** Points that interactive claims took since a bulk claim was last served, while bulk claims waited. */
  #interactivePoints = 0
  #timer: NodeJS.Timeout | null = null

  constructor(clock: Clock) {
    this.media = new TokenBucket({ clock, perSecond: KVS_LIMITS.mediaPointsPerSecond })
    this.metadata = new TokenBucket({ clock, perSecond: KVS_LIMITS.metadataPointsPerSecond })
  }

  /** @throws GatewayError KVS_THROTTLED */
  add(claim: Claim): void {
    const lateMs = this.#waitMsOf(claim) - MAX_WAIT_MS
    if (lateMs > 0 || this.#interactive.size + this.#bulk.size >= MAX_CLAIMS) throw toThrottled(undefined, Math.max(1_000, lateMs))
    ;(claim.isBulk ? this.#bulk : this.#interactive).push(claim)
    this.#unnotified.add(claim)
    this.#serve()
  }

  remove(claim: Claim): void {
    this.#unnotified.delete(claim)
    ;(claim.isBulk ? this.#bulk : this.#interactive).remove(claim)
    if (this.#timer !== null) this.#serve()
  }

  /** Serves the claims for which there are points, and waits for the points of the next one. */
  readonly #serve = (): void => {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    for (let queue = this.#nextQueue(); queue !== null; queue = this.#nextQueue()) {
      const claim = queue.peek()
      if (claim === null) return
      const waitMs = Math.max(toWaitMs(this.media, claim.media), toWaitMs(this.metadata, claim.metadata))
      if (waitMs > 0) {
        this.#timer = setTimeout(this.#serve, waitMs)
        // Callers that leave right away are not notified.
        queueMicrotask(() => this.#notifyAll())
        return
      }
      this.#take(claim, queue)
    }
  }

  #nextQueue(): DeficitRoundRobin<Claim> | null {
    if (this.#interactive.size === 0) return this.#bulk.size > 0 ? this.#bulk : null
    return this.#bulk.size > 0 && this.#interactivePoints >= INTERACTIVE_POINTS ? this.#bulk : this.#interactive
  }

  #take(claim: Claim, queue: DeficitRoundRobin<Claim>): void {
    queue.shift()
    this.#interactivePoints = claim.isBulk || this.#bulk.size === 0 ? 0 : this.#interactivePoints + claim.cost
    this.#unnotified.delete(claim)
    this.media.take(claim.media)
    this.metadata.take(claim.metadata)
    claim.served()
  }

  #notifyAll(): void {
    for (const { notify } of this.#unnotified) notify()
    this.#unnotified.clear()
  }

  /** An estimate: the points ahead, less those that are left in the scarcer bucket, at the rate of the quota. A bucket may be overdrawn. */
  #waitMsOf(claim: Claim): number {
    const ahead = claim.isBulk ? this.#interactive.cost + this.#bulk.costAhead(claim) : this.#interactive.costAhead(claim)
    const missing = ahead + claim.cost - Math.min(this.media.tokens, toMediaPoints(this.metadata.tokens))
    return missing <= 0 ? 0 : Math.ceil((missing / KVS_LIMITS.mediaPointsPerSecond) * 1000)
  }
}

/** One number for both buckets: the share of the scarcer one, in media points. */
function toPoints({ media, metadata }: QuotaCost): number {
  return Math.max(media, toMediaPoints(metadata))
}

/** As many media points as take the same time. */
function toMediaPoints(metadata: number): number {
  return (metadata / KVS_LIMITS.metadataPointsPerSecond) * KVS_LIMITS.mediaPointsPerSecond
}

/** A cost above the points of one second waits for a full bucket and overdraws it. */
function toWaitMs(bucket: TokenBucket, cost: number): number {
  const reserve = bucket.capacity * RESERVE
  return bucket.waitMs(Math.min(cost, bucket.capacity - reserve) + reserve)
}

function toThrottled(cause?: unknown, retryAfterMs = 1_000): GatewayError {
  return new GatewayError(
    'KVS_THROTTLED',
    'The quota of archived reads of the stream is exhausted. Retry later.',
    { retryAfterMs },
    { cause },
  )
}
