import type { ByteSpan } from '../serve/byte-range.js'
import type { GrowingFile } from './growing-file.js'
import type { BufferPair, ReadBuffers } from './read-buffers.js'
import type { LentBytes } from './recent-bytes.js'

/** A reader that comes back later than this gets small buffers, so that it does not pin large ones. */
const SLOW_READER_MS = 1_000
/** Of the first chunk, so that the reader has something to do while the next is read (measured: to one reader, ranges of a mebibyte come a tenth sooner). */
const FIRST_BYTES = 196_608

/**
 * The bytes of the span. What came a moment ago is lent as it is; what has to be read from the disk is read while the reader is busy with
 * the chunk before, and the first two chunks at the same time. With small buffers nothing is read ahead: a reader who stalls has one of them.
 */
export async function* readAhead(file: GrowingFile, span: ByteSpan, pool: ReadBuffers, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  // Taken when something has to be read: whoever is lent all that it gets leaves the large ones to others.
  let pair: BufferPair | null = null
  let turn: 0 | 1 = 0
  let ahead: Loading | null = null
  const endReading = file.beginReading()
  try {
    for (let at = span.start; at < span.end; ) {
      if (ahead === null && (await file.whenReadable(at, signal)) === null) return
      const lent = ahead === null ? file.lend(at, span.end) : null
      if (lent !== null) {
        at += lent.bytes.byteLength
        yield* giveOut(lent)
        signal.throwIfAborted()
        continue
      }
      pair ??= pool.take(span.end - span.start > pool.smallBytes)
      const current: Loading = ahead ?? load(file, at, span, pair.buffers[turn])
      turn = turn === 0 ? 1 : 0
      ahead = current.end === null || !pair.large ? null : loadNext(file, current.end, span, pair.buffers[turn])
      const chunk = await current.bytes
      at += chunk.byteLength
      if (pair.large) ahead ??= loadNext(file, at, span, pair.buffers[turn])
      const givenAtMs = performance.now()
      yield chunk
      signal.throwIfAborted()
      if (performance.now() - givenAtMs < SLOW_READER_MS || !pair.large) continue
      // The chunk that was read ahead is in the large buffer: it is read again into a small one.
      await ahead?.bytes.catch(() => null)
      ahead = null
      pair = exchange(pair, pool)
    }
  } finally {
    // A buffer goes back only when the disk no longer writes into it.
    await ahead?.bytes.catch(() => null)
    if (pair !== null) pool.give(pair)
    endReading()
  }
}

/** A reader that does not come back may have left its socket in the middle of them. */
function* giveOut(lent: LentBytes): Generator<Uint8Array> {
  let isTaken = false
  try {
    yield lent.bytes
    isTaken = true
  } finally {
    if (isTaken) lent.giveBack()
    else lent.leave()
  }
}

interface Loading {
  readonly bytes: Promise<Buffer>
  /** Where they will end; null when only they can tell. */
  readonly end: number | null
}

function load(file: GrowingFile, at: number, span: ByteSpan, buffer: Buffer): Loading {
  const wantedEnd = at === span.start ? Math.min(at + FIRST_BYTES, span.end) : span.end
  // What is in memory may end before its time.
  const end = file.isRecent(at) ? null : file.reach(at, wantedEnd, buffer.byteLength)
  const bytes = file.load(at, end ?? span.end, buffer)
  // Looked at when the reader comes back; until then it is not an unhandled rejection.
  bytes.catch(() => null)
  return { bytes, end }
}

/** Null where the span ends, and where it is not the disk that has what comes next. */
function loadNext(file: GrowingFile, at: number, span: ByteSpan, buffer: Buffer): Loading | null {
  return at < span.end && at < file.arrivedBytes && !file.isRecent(at) ? load(file, at, span, buffer) : null
}

function exchange(pair: BufferPair, pool: ReadBuffers): BufferPair {
  pool.give(pair)
  return pool.take(false)
}
