import type { ServerResponse } from 'node:http'
import { orAborted } from '../lib/clock.js'
import { StalledReader } from './stalled-reader.js'

/** Notified when the body of a download starts and ends. */
export interface DownloadListener {
  began(): void
  /** `bytes` is the number of bytes written to the socket. */
  ended(outcome: 'complete' | 'aborted' | 'failed', bytes: number): void
}

export interface DownloadBodyOptions {
  /** Aborted when the client disconnects. */
  readonly left: AbortController
  readonly begin: () => void
  /** Maximum time in which the client reads no byte. Null for no limit. */
  readonly idleTimeoutMs: number | null
  readonly listener?: DownloadListener
}

export class DownloadBody {
  readonly #stalled: StalledReader | null
  #sentBytes = 0

  constructor(
    private readonly raw: ServerResponse,
    private readonly options: DownloadBodyOptions,
  ) {
    this.#stalled = options.idleTimeoutMs === null ? null : new StalledReader(raw, options.idleTimeoutMs)
  }

  /** Throws if `chunks` does not have `contentLength` bytes, and what `chunks` throws. */
  async send(chunks: AsyncIterable<Uint8Array>, contentLength: string | undefined): Promise<void> {
    const { listener, left } = this.options
    listener?.began()
    try {
      await this.#pipe(chunks, contentLength)
      listener?.ended('complete', this.#sentBytes)
    } catch (error) {
      listener?.ended(left.signal.aborted ? 'aborted' : 'failed', this.#sentBytes)
      throw error
    }
  }

  async #pipe(chunks: AsyncIterable<Uint8Array>, contentLength: string | undefined): Promise<void> {
    for await (const chunk of chunks) {
      // Not before the first byte: until then, an error can still be sent.
      if (!this.raw.headersSent) this.options.begin()
      await this.#write(chunk)
      this.#sentBytes += chunk.byteLength
    }
    if (!this.raw.headersSent) this.options.begin()
    if (contentLength !== undefined && Number(contentLength) !== this.#sentBytes)
      throw new Error(`the body has ${this.#sentBytes} bytes, but Content-Length is ${contentLength}`)
    await this.#end()
  }

  /** Resolves when the memory of the chunk can be reused. Only the callback shows this; 'drain' does not. */
  async #write(chunk: Uint8Array): Promise<void> {
    const { left } = this.options
    const written = new Promise<void>((resolve) => {
      // A write fails when the connection is closed. The failure can precede the "close" event.
      this.raw.write(chunk, (error) => (error ? left.abort(new DOMException('the client disconnected', 'AbortError')) : resolve()))
    })
    this.#stalled?.watch()
    // After a disconnect, the callback may never be called.
    await orAborted(written, left.signal)
    this.#stalled?.rest()
  }

  // Many clients disconnect right after the last byte. The kernel has all bytes by now, so the download is complete.
  #end(): Promise<void> {
    return new Promise((resolve) => {
      this.raw.once('close', resolve)
      this.raw.end(resolve)
    })
  }
}
