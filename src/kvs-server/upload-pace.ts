import type { Clock } from '../lib/clock.js'
import { TokenBucket } from './token-bucket.js'

/** PutMedia's rates for each stream: 5 fragments and 12.5 MB a second. */
export const UPLOAD_FRAGMENTS_PER_SECOND = 5
export const UPLOAD_BYTES_PER_SECOND = 12_500_000

/** What a producer may send at once (footage of an outage, say) before it is slowed; the bytes are those of the same seconds. */
export const BURST_FRAGMENTS = 1000
const BURST_BYTES = (BURST_FRAGMENTS / UPLOAD_FRAGMENTS_PER_SECOND) * UPLOAD_BYTES_PER_SECOND

/** Slows an upload that is over its rates, rather than refusing it: whoever reads the upload waits before reading on. */
export class UploadPace {
  readonly #fragments: TokenBucket
  readonly #bytes: TokenBucket

  constructor(clock: Clock) {
    this.#fragments = new TokenBucket({ clock, perSecond: UPLOAD_FRAGMENTS_PER_SECOND, capacity: BURST_FRAGMENTS })
    this.#bytes = new TokenBucket({ clock, perSecond: UPLOAD_BYTES_PER_SECOND, capacity: BURST_BYTES })
  }

  /** Counts what was read, and tells how many milliseconds to wait before reading on. */
  count({ bytes, fragments }: { readonly bytes: number; readonly fragments: number }): number {
    this.#fragments.take(fragments)
    this.#bytes.take(bytes)
    return Math.max(this.#fragments.waitMs(0), this.#bytes.waitMs(0))
  }
}
