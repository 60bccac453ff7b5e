import { type Clock, sleep } from '../../lib/clock.js'
import { TokenBucket } from '../../lib/token-bucket.js'

/** What may go through at once is slowed only after it: footage of an outage, say, or a reader that catches up. */
interface TransferRate {
  readonly bytesPerSecond: number
  readonly burstBytes: number
  /** Where fragments are counted too. */
  readonly fragmentsPerSecond?: number
}

export const BURST_FRAGMENTS = 1000
const FRAGMENTS_PER_SECOND = 5
const UPLOAD_BYTES_PER_SECOND = 12_500_000
const READ_BYTES_PER_SECOND = 25_000_000

/** The data plane's bandwidth and fragment rates, for each stream and operation. The bytes of an upload's burst are those of its seconds. */
export const TRANSFER_RATES = {
  PutMedia: {
    bytesPerSecond: UPLOAD_BYTES_PER_SECOND,
    burstBytes: (BURST_FRAGMENTS / FRAGMENTS_PER_SECOND) * UPLOAD_BYTES_PER_SECOND,
    fragmentsPerSecond: FRAGMENTS_PER_SECOND,
  },
  GetMedia: { bytesPerSecond: READ_BYTES_PER_SECOND, burstBytes: READ_BYTES_PER_SECOND, fragmentsPerSecond: FRAGMENTS_PER_SECOND },
  GetMediaForFragmentList: { bytesPerSecond: READ_BYTES_PER_SECOND, burstBytes: READ_BYTES_PER_SECOND },
} as const satisfies Readonly<Record<string, TransferRate>>

export type PacedOperation = keyof typeof TRANSFER_RATES

/** Slows media that exceeds its rates instead of refusing it: the sender waits before it continues. */
export class TransferPace {
  readonly #bytes: TokenBucket
  readonly #fragments: TokenBucket | null

  constructor(clock: Clock, { bytesPerSecond, burstBytes, fragmentsPerSecond }: TransferRate) {
    this.#bytes = new TokenBucket({ clock, perSecond: bytesPerSecond, capacity: burstBytes })
    this.#fragments =
      fragmentsPerSecond === undefined ? null : new TokenBucket({ clock, perSecond: fragmentsPerSecond, capacity: BURST_FRAGMENTS })
  }

  /** Counts what was moved, and tells how many milliseconds to wait before going on. */
  count({ bytes, fragments }: { readonly bytes: number; readonly fragments: number }): number {
    this.#bytes.take(bytes)
    this.#fragments?.take(fragments)
    return Math.max(this.#bytes.waitMs(0), this.#fragments?.waitMs(0) ?? 0)
  }
}

export interface PacedMediaOptions {
  /** Null where no quotas are kept. */
  readonly pace: TransferPace | null
  readonly signal: AbortSignal
}

/** A fragment's bytes, not faster than the stream's readers may have them together: what others have taken meanwhile is waited for first. */
export async function* paceFragment(bytes: AsyncIterable<Uint8Array>, { pace, signal }: PacedMediaOptions): AsyncGenerator<Uint8Array> {
  let fragments = 1
  for await (const chunk of bytes) {
    const waitMs = pace?.count({ bytes: 0, fragments }) ?? 0
    fragments = 0
    if (waitMs > 0) await sleep(waitMs, signal)
    pace?.count({ bytes: chunk.byteLength, fragments: 0 })
    yield chunk
  }
}
