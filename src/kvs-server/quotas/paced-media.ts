import { sleep } from '../../lib/sleep.js'
import type { TransferPace } from './transfer-pace.js'

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
