import { freeBytes } from '../../media/free-bytes.js'
import type { ByteSpan } from '../serve/byte-range.js'
import { BLOCK_BYTES } from './part-footer.js'

const READ_BYTES = 4 * BLOCK_BYTES
/** Readers that have two large buffers. A reader that stalls keeps its buffers, so the readers after these get one small buffer. */
const MAX_FAST_READERS = 64

interface ReadableFile {
  readonly arrivedBytes: number
  whenReadable(offset: number, signal: AbortSignal): Promise<number | null>
  /** Bytes from `at`, which must have arrived, to `end` or as many as fit. */
  readInto(buffer: Buffer, at: number, end: number): Promise<Buffer>
}

let fastReaders = 0

/** The bytes of the span, read one chunk ahead. Waits for bytes that have not arrived. A chunk is valid until the next one is requested. */
export async function* readBlob(blob: ReadableFile, span: ByteSpan, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  if (fastReaders >= MAX_FAST_READERS) return yield* readInTurn(blob, span, signal)
  fastReaders += 1
  try {
    yield* readAhead(blob, span, signal)
  } finally {
    fastReaders -= 1
  }
}

async function* readInTurn(blob: ReadableFile, { start, end }: ByteSpan, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(BLOCK_BYTES)
  for (let at = start; at < end && (await blob.whenReadable(at, signal)) !== null; ) {
    const chunk = await blob.readInto(buffer, at, end)
    at += chunk.byteLength
    yield chunk
    signal.throwIfAborted()
  }
  free([buffer])
}

/** One buffer is filled while the caller uses the other. */
async function* readAhead(blob: ReadableFile, { start, end }: ByteSpan, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  let current: Buffer | null = null
  let next: Buffer | null = null
  let ahead: Promise<Buffer> | null = null
  for (let at = start; at < end && (ahead !== null || (await blob.whenReadable(at, signal)) !== null); ) {
    current ??= allocate(at, end)
    const chunk: Buffer = await (ahead ?? blob.readInto(current, at, end))
    at += chunk.byteLength
    next ??= at < end ? allocate(at, end) : null
    ahead = next !== null && at < Math.min(end, blob.arrivedBytes) ? blob.readInto(next, at, end) : null
    // An error is reported when the caller requests the chunk, which it may never do.
    ahead?.catch(() => null)
    if (ahead !== null) [current, next] = [next, current]
    yield chunk
    signal.throwIfAborted()
  }
  free([current, next])
}

/**
 * Only after the last chunk: the buffers of an aborted read may still be in use by the kernel. Left to the garbage collector, the buffers of a
 * player's range requests double the CPU of each (docs/benchmarks.md).
 */
function free(buffers: readonly (Buffer | null)[]): void {
  for (const buffer of buffers) if (buffer !== null) freeBytes(buffer)
}

/** Blocks are read whole, so that they can be checked. */
function allocate(start: number, end: number): Buffer {
  const blocks = Math.ceil(end / BLOCK_BYTES) - Math.floor(start / BLOCK_BYTES)
  return Buffer.allocUnsafeSlow(Math.min(READ_BYTES, blocks * BLOCK_BYTES))
}
