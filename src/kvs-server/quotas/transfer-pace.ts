import { type Clock, sleep } from '../../lib/clock.js'
import { TokenBucket } from '../../lib/token-bucket.js'

/** The burst passes at full speed, for example after an outage or for a reader that catches up. */
interface TransferRate {
  readonly bytesPerSecond: number
  readonly burstBytes: number
  /** If fragments are counted too. */
  readonly fragmentsPerSecond?: number
}

export const BURST_FRAGMENTS = 1000
const FRAGMENTS_PER_SECOND = 5
const UPLOAD_BYTES_PER_SECOND = 12_500_000
const READ_BYTES_PER_SECOND = 25_000_000

/** The bandwidth and fragment rates of the data plane, for each stream and operation. The burst of an upload is 1,000 fragments, or the bytes of the same time. */
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

  /** Counts transferred data. Returns the milliseconds to wait before the next transfer. */
  count({ bytes, fragments }: { readonly bytes: number; readonly fragments: number }): number {
    this.#bytes.take(bytes)
    this.#fragments?.take(fragments)
    return Math.max(this.#bytes.waitMs(0), this.#fragments?.waitMs(0) ?? 0)
  }
}

export interface PacedMediaOptions {
  /** Null if quotas are off. */
  readonly pace: TransferPace | null
  readonly signal: AbortSignal
}

/** Yields the bytes of a fragment at the rate that all readers of the stream share. */
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
