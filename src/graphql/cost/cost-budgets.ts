import { LRUCache } from 'lru-cache'
import { GatewayError } from '../../domain/errors.js'
import type { Clock } from '../../lib/clock.js'
import { TokenBucket } from '../../lib/token-bucket.js'

export interface CostBudget {
  /** Points in a full budget. */
  readonly maximum: number
  /** May be negative: a refund is smaller than a charge that was allowed. */
  readonly available: number
  readonly restoredPerSecond: number
}

/** A budget that is not used for a minute is full again, so it can be forgotten. */
const MAX_CLIENTS = 100_000

/** A token bucket of query-cost points for each client: a principal, or an address if no one has to sign in. */
export class CostBudgets {
  readonly #buckets = new LRUCache<string, TokenBucket>({ max: MAX_CLIENTS })

  constructor(private readonly options: { readonly pointsPerMinute: number; readonly clock: Clock }) {}

  /** Takes the estimated cost of an operation. @throws GatewayError RATE_LIMITED if it is not available */
  charge(client: string, points: number): void {
    const bucket = this.#bucketOf(client)
    const waitMs = bucket.waitMs(points)
    if (waitMs > 0) {
      const text = `The operation costs ${points} points, but ${Math.max(0, Math.floor(bucket.tokens))} of ${bucket.capacity} points a minute are left.`
      throw new GatewayError('RATE_LIMITED', `${text} Retry later, or request less.`, { retryAfterMs: waitMs })
    }
    bucket.take(points)
  }

  /** Returns what an operation cost less than its estimate. */
  refund(client: string, points: number): void {
    this.#bucketOf(client).take(-Math.max(0, points))
  }

  of(client: string): CostBudget {
    const { tokens, capacity } = this.#bucketOf(client)
    return { maximum: capacity, available: Math.floor(Math.min(tokens, capacity)), restoredPerSecond: this.#perSecond }
  }

  get #perSecond(): number {
    return this.options.pointsPerMinute / 60
  }

  #bucketOf(client: string): TokenBucket {
    const { clock, pointsPerMinute } = this.options
    const bucket = this.#buckets.get(client) ?? new TokenBucket({ clock, perSecond: this.#perSecond, capacity: pointsPerMinute })
    this.#buckets.set(client, bucket)
    return bucket
  }
}
