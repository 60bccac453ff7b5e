import type { ByteSpan } from '../response/byte-range.js'
import type { GrowingFile } from './growing-file.js'
import type { BufferPair, ReadBuffers } from './read-buffers.js'

/** A reader that comes back later than this gets small buffers, so that it does not pin large ones. */
const SLOW_READER_MS = 1_000

/** The bytes of the span: the next chunk is read from the disk while the reader is busy with the one before. */
export async function* readAhead(file: GrowingFile, span: ByteSpan, pool: ReadBuffers, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  let pair = pool.take(span.end - span.start > pool.smallBytes)
  let turn: 0 | 1 = 0
  let ahead: Promise<Buffer> | null = null
  const endReading = file.beginReading()
  try {
    for (let at = span.start; at < span.end; ) {
      if (ahead === null && (await file.whenReadable(at, signal)) === null) return
      const chunk: Buffer = await (ahead ?? file.load(at, span.end, pair.buffers[turn]))
      at += chunk.byteLength
      turn = turn === 0 ? 1 : 0
      ahead = at < span.end && at < file.arrivedBytes ? load(file, at, span, pair.buffers[turn]) : null
      const givenAtMs = performance.now()
      yield chunk
      signal.throwIfAborted()
      if (performance.now() - givenAtMs < SLOW_READER_MS || !pair.large) continue
      // The chunk that was read ahead is in the large buffer: it is read again into a small one.
      await ahead?.catch(() => null)
      ahead = null
      pair = exchange(pair, pool)
    }
  } finally {
    // A buffer goes back only when the disk no longer writes into it.
    await ahead?.catch(() => null)
    pool.give(pair)
    endReading()
  }
}

function load(file: GrowingFile, at: number, span: ByteSpan, buffer: Buffer): Promise<Buffer> {
  const loading = file.load(at, span.end, buffer)
  // Looked at when the reader comes back; until then it is not an unhandled rejection.
  loading.catch(() => null)
  return loading
}

function exchange(pair: BufferPair, pool: ReadBuffers): BufferPair {
  pool.give(pair)
  return pool.take(false)
}
