import { LRUCache } from 'lru-cache'
import { GatewayError } from '../domain/errors.js'
import { KVS_LIMITS } from '../domain/limits.js'
import { type Clock, orAborted, sleep } from '../lib/clock.js'
import { nameOf } from '../lib/thrown.js'
import { TokenBucket } from '../lib/token-bucket.js'

/** The points that a request takes from the stream's quota of archived reads (kvs facts, 6.3). */
export interface QuotaCost {
  readonly media: number
  readonly metadata: number
}

export interface QuotaTurn extends QuotaCost {
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

/**
 * Keeps the archived reads of each stream within its quota: requests wait in order of arrival until there are enough points. Reads of other clients
 * are unknown here, so the service can still answer ClientLimitExceededException.
 */
export class QuotaPacer {
  readonly #streams = new LRUCache<string, StreamBuckets>({ max: MAX_STREAMS })

  constructor(private readonly clock: Clock) {}

  /** Resolves when the points are taken. @throws GatewayError KVS_THROTTLED after a time-out, or the signal's reason when the caller has left */
  async take(streamArn: string, { onWait, ...cost }: QuotaTurn, signal: AbortSignal): Promise<void> {
    const buckets = this.#bucketsOf(streamArn)
    const notify = () => onWait?.(toThrottled())
    if (buckets.isPausing) notify()
    else buckets.unnotified.add(notify)
    const turn = buckets.last.then(() => this.#takeTurn(buckets, cost, signal))
    buckets.last = turn.catch(() => undefined)
    try {
      await orAborted(turn, signal)
    } catch (error) {
      throw nameOf(error) === 'TimeoutError' ? toThrottled(error) : error
    } finally {
      buckets.unnotified.delete(notify)
    }
  }

  /** The remaining points, without the reads of other clients. */
  available(streamArn: string): QuotaCost {
    const buckets = this.#streams.get(streamArn)
    return {
      media: Math.floor(buckets?.media.tokens ?? KVS_LIMITS.mediaPointsPerSecond),
      metadata: Math.floor(buckets?.metadata.tokens ?? KVS_LIMITS.metadataPointsPerSecond),
    }
  }

  async #takeTurn(buckets: StreamBuckets, cost: QuotaCost, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    for (;;) {
      const waitMs = Math.max(toWaitMs(buckets.media, cost.media), toWaitMs(buckets.metadata, cost.metadata))
      if (waitMs === 0) break
      await pause(buckets, waitMs, signal)
    }
    buckets.media.take(cost.media)
    buckets.metadata.take(cost.metadata)
  }

  #bucketsOf(streamArn: string): StreamBuckets {
    const known = this.#streams.get(streamArn)
    const { clock } = this
    const buckets = known ?? {
      media: new TokenBucket({ clock, perSecond: KVS_LIMITS.mediaPointsPerSecond }),
      metadata: new TokenBucket({ clock, perSecond: KVS_LIMITS.metadataPointsPerSecond }),
      last: Promise.resolve(),
      isPausing: false,
      unnotified: new Set(),
    }
    this.#streams.set(streamArn, buckets)
    return buckets
  }
}

interface StreamBuckets {
  readonly media: TokenBucket
  readonly metadata: TokenBucket
  /** Settles when all earlier requests have taken their points. */
  last: Promise<unknown>
  /** Whether the current request waits for points. */
  isPausing: boolean
  /** Notifies requests that still wait and have not been notified. */
  readonly unnotified: Set<() => void>
}

async function pause(buckets: StreamBuckets, durationMs: number, signal: AbortSignal): Promise<void> {
  buckets.isPausing = true
  for (const notify of buckets.unnotified) notify()
  buckets.unnotified.clear()
  try {
    await sleep(durationMs, signal)
  } finally {
    buckets.isPausing = false
  }
}

/** A cost above the points of one second waits for a full bucket and overdraws it. */
function toWaitMs(bucket: TokenBucket, cost: number): number {
  const reserve = bucket.capacity * RESERVE
  return bucket.waitMs(Math.min(cost, bucket.capacity - reserve) + reserve)
}

function toThrottled(cause?: unknown): GatewayError {
  return new GatewayError(
    'KVS_THROTTLED',
    'The quota of archived reads of the stream is exhausted. Retry later.',
    { retryAfterMs: 1_000 },
    { cause },
  )
}
