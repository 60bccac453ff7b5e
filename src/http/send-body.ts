import type { ServerResponse } from 'node:http'
import { orAborted } from '../lib/clock.js'
import { StalledReader } from './stalled-reader.js'

export interface DownloadListener {
  began(): void
  /** `bytes` is the number of bytes written to the socket. */
  ended(outcome: 'complete' | 'aborted' | 'failed', bytes: number): void
}

export interface SendBodyOptions {
  /** Aborted when the client disconnects. */
  readonly left: AbortController
  /** Sends status and headers. */
  readonly begin: () => void
  readonly contentLength: string | undefined
  /** Maximum time in which the client reads no byte. Null for no limit. */
  readonly idleTimeoutMs: number | null
  readonly listener?: DownloadListener
}

/** Sends the body of one response. Throws if `chunks` does not have `contentLength` bytes, and what `chunks` throws. */
export async function sendBody(
  raw: ServerResponse,
  chunks: AsyncIterable<Uint8Array>,
  { left, begin, contentLength, idleTimeoutMs, listener }: SendBodyOptions,
): Promise<void> {
  const stalled = idleTimeoutMs === null ? null : new StalledReader(raw, idleTimeoutMs)
  let sentBytes = 0
  listener?.began()
  try {
    for await (const chunk of chunks) {
      // Not before the first byte: until then, an error can still be sent.
      if (!raw.headersSent) begin()
      const written = write(raw, chunk, left)
      stalled?.watch()
      // After a disconnect, the callback may never be called.
      await orAborted(written, left.signal)
      stalled?.rest()
      sentBytes += chunk.byteLength
    }
    if (!raw.headersSent) begin()
    if (contentLength !== undefined && Number(contentLength) !== sentBytes)
      throw new Error(`the body has ${sentBytes} bytes, but Content-Length is ${contentLength}`)
    await end(raw)
    listener?.ended('complete', sentBytes)
  } catch (error) {
    listener?.ended(left.signal.aborted ? 'aborted' : 'failed', sentBytes)
    throw error
  }
}

/** Resolves when the memory of the chunk can be reused. Only the callback shows this; 'drain' does not. */
function write(raw: ServerResponse, chunk: Uint8Array, left: AbortController): Promise<void> {
  return new Promise((resolve) => {
    // A write fails when the connection is closed. The failure can precede the "close" event.
    raw.write(chunk, (error) => (error ? left.abort(new DOMException('the client disconnected', 'AbortError')) : resolve()))
  })
}

// Many clients disconnect right after the last byte. The kernel has all bytes by now, so the download is complete.
function end(raw: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    raw.once('close', resolve)
    raw.end(resolve)
  })
}
