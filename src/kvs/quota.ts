import { LRUCache } from 'lru-cache'
import { GatewayError } from '../domain/errors.js'
import { KVS_LIMITS } from '../domain/limits.js'
import { type Clock, orAborted, sleep, systemClock } from '../lib/clock.js'
import { nameOf } from '../lib/thrown.js'
import { TokenBucket } from '../lib/token-bucket.js'

/** Points of archived reads that a request will cost its stream (kvs facts, 6.3). */
export interface QuotaCost {
  readonly media: number
  readonly metadata: number
}

export interface QuotaTurn extends QuotaCost {
  /** Hears, once, that the points are not there yet: its own, or those of a request before it. */
  readonly onWait?: ((reason: GatewayError) => void) | undefined
}

/**
 * The part of a second's points that is left in the bucket. KVS counts a request when it has come, and the first of a burst is the
 * longest on its way: its bucket has filled for less time than ours. (Without it, each long listing was refused once.)
 */
const RESERVE = 0.2

/** Streams whose buckets are remembered; a forgotten one is full again, as it would be a second later anyway. */
const MAX_STREAMS = 10_000

/**
 * Keeps each stream's archived reads inside its quota, so that KVS need not refuse them: a request waits, in order of arrival, until
 * its points are there. What others read of the same stream is not known here; they show as ClientLimitExceededException.
 */
export class QuotaPacer {
  readonly #streams = new LRUCache<string, StreamBuckets>({ max: MAX_STREAMS })
  readonly #clock: Clock

  constructor({ clock = systemClock }: { clock?: Clock } = {}) {
    this.#clock = clock
  }

  /** Resolves when the points have been taken. @throws GatewayError KVS_THROTTLED when time is up before that; the signal's reason when the caller has left */
  async take(streamArn: string, { onWait, ...cost }: QuotaTurn, signal: AbortSignal): Promise<void> {
    const buckets = this.#bucketsOf(streamArn)
    const tell = () => onWait?.(toThrottled())
    if (buckets.isPausing) tell()
    else buckets.untold.add(tell)
    const turn = buckets.last.then(() => this.#takeTurn(buckets, cost, signal))
    buckets.last = turn.catch(() => undefined)
    try {
      await orAborted(turn, signal)
    } catch (error) {
      throw nameOf(error) === 'TimeoutError' ? toThrottled(error) : error
    } finally {
      buckets.untold.delete(tell)
    }
  }

  /** What is left, as far as is known here. */
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
    const clock = this.#clock
    const buckets = known ?? {
      media: new TokenBucket({ clock, perSecond: KVS_LIMITS.mediaPointsPerSecond }),
      metadata: new TokenBucket({ clock, perSecond: KVS_LIMITS.metadataPointsPerSecond }),
      last: Promise.resolve(),
      isPausing: false,
      untold: new Set(),
    }
    this.#streams.set(streamArn, buckets)
    return buckets
  }
}

interface StreamBuckets {
  readonly media: TokenBucket
  readonly metadata: TokenBucket
  /** Ends when everyone who came before has had their turn. */
  last: Promise<unknown>
  /** Whether the one whose turn it is waits for points. Others that came before may have had theirs in no time. */
  isPausing: boolean
  /** Tells those who have not had it and have not heard of a wait. */
  readonly untold: Set<() => void>
}

async function pause(buckets: StreamBuckets, durationMs: number, signal: AbortSignal): Promise<void> {
  buckets.isPausing = true
  for (const tell of buckets.untold) tell()
  buckets.untold.clear()
  try {
    await sleep(durationMs, signal)
  } finally {
    buckets.isPausing = false
  }
}

/** A cost above a whole second's points waits for a full bucket and leaves a debt. */
function toWaitMs(bucket: TokenBucket, cost: number): number {
  const reserve = bucket.capacity * RESERVE
  return bucket.waitMs(Math.min(cost, bucket.capacity - reserve) + reserve)
}

function toThrottled(cause?: unknown): GatewayError {
  return new GatewayError(
    'KVS_THROTTLED',
    "The stream's quota of archived reads is used up: ask again later.",
    { retryAfterMs: 1_000 },
    { cause },
  )
}
