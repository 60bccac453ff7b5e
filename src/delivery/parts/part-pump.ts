import { orAborted } from '../../lib/clock.js'
import { freeBytes } from '../../media/free-bytes.js'
import type { PartBody } from '../ports.js'
import { PartBroken } from './part-broken.js'

/** While one batch is written, the next is gathered up to this size. */
const BATCH_BYTES = 262_144

/**
 * Passes a body on to `append` in batches, one call at a time. Resolves once the last batch is written. Rejects if the source breaks off, is
 * silent for too long, or sends another length than it announced; then no write is under way any more.
 */
export async function pumpPart(
  body: PartBody,
  append: (chunks: readonly Uint8Array[]) => Promise<void>,
  { maxBytes, idleTimeoutMs, signal }: { readonly maxBytes: number; readonly idleTimeoutMs: number; readonly signal: AbortSignal },
): Promise<void> {
  let [bytes, pendingBytes] = [0, 0]
  let pending: Uint8Array[] = []
  let writing: Promise<void> | null = null
  const write = async () => {
    for (let batch = pending; batch.length > 0; batch = pending) {
      pending = []
      pendingBytes = 0
      await append(batch)
      // Left to the garbage collector, eight clips in flight take 80 MB.
      for (const chunk of batch) freeBytes(chunk)
    }
    writing = null
  }
  try {
    for await (const chunk of watch(body.bytes, idleTimeoutMs, signal)) {
      bytes += chunk.byteLength
      refuseTooMany(bytes, body.sizeBytes, maxBytes)
      pending.push(chunk)
      pendingBytes += chunk.byteLength
      writing ??= write()
      // Awaited when a batch is full, or at the end.
      writing.catch(() => null)
      if (pendingBytes >= BATCH_BYTES) await writing
    }
    if (body.sizeBytes !== null && bytes < body.sizeBytes) throw wrongLength(body.sizeBytes, `only ${bytes}`)
    await writing
  } catch (error) {
    await Promise.allSettled([writing])
    throw error
  }
}

function refuseTooMany(bytes: number, expectedBytes: number | null, maxBytes: number): void {
  if (expectedBytes !== null && bytes > expectedBytes) throw wrongLength(expectedBytes, 'more')
  if (bytes > maxBytes) throw new PartBroken('TOO_LARGE', `a part has at most ${maxBytes} bytes, and more came`)
}

function wrongLength(expectedBytes: number, got: string): PartBroken {
  return new PartBroken('WRONG_LENGTH', `the source announced ${expectedBytes} bytes and sent ${got}`)
}

/** The chunks of a source. Gives up when the source is silent for too long or the signal aborts, even if the source never answers again. */
async function* watch(bytes: AsyncIterable<Uint8Array>, idleTimeoutMs: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const source = bytes[Symbol.asyncIterator]()
  const stalled = new AbortController()
  const either = AbortSignal.any([signal, stalled.signal])
  let isWaiting = true
  const giveUp = () => isWaiting && stalled.abort(new PartBroken('STALLED', `no byte came for ${idleTimeoutMs} ms`))
  const timer = setTimeout(giveUp, idleTimeoutMs)
  try {
    for (;;) {
      const { done, value } = await orAborted(source.next(), either)
      if (done) return
      isWaiting = false
      yield value
      isWaiting = true
      timer.refresh()
    }
  } finally {
    clearTimeout(timer)
    // Not awaited: a source that is stuck would never answer.
    source.return?.().catch(() => null)
  }
}
