import type { ServerResponse } from 'node:http'
import { orAborted } from '../lib/clock.js'
import { StalledReader } from './stalled-reader.js'

export type DownloadOutcome = 'complete' | 'aborted' | 'failed'

/** Hears of each download whose bytes were asked for: once when it begins and once when it ends, with the bytes given to the socket. */
export interface DownloadListener {
  began(): void
  ended(outcome: DownloadOutcome, bytes: number): void
}

export interface DownloadBodyOptions {
  /** Aborted when the client has left. */
  readonly left: AbortController
  /** Sends status and headers. */
  readonly begin: () => void
  /** How long the client may take no byte; null for ever. */
  readonly idleTimeoutMs: number | null
  readonly listener?: DownloadListener
}

/** The bytes of one answer on their way to its client. */
export class DownloadBody {
  readonly #raw: ServerResponse
  readonly #options: DownloadBodyOptions
  readonly #stalled: StalledReader | null
  #sentBytes = 0

  constructor(raw: ServerResponse, options: DownloadBodyOptions) {
    this.#raw = raw
    this.#options = options
    this.#stalled = options.idleTimeoutMs === null ? null : new StalledReader(raw, options.idleTimeoutMs)
  }

  /** `announced` is the value of Content-Length. Throws when there is less or more to send, and what `chunks` throws. */
  async send(chunks: AsyncIterable<Uint8Array>, announced: string | undefined): Promise<void> {
    const { listener, left } = this.#options
    listener?.began()
    try {
      await this.#pipe(chunks, announced)
      listener?.ended('complete', this.#sentBytes)
    } catch (error) {
      listener?.ended(left.signal.aborted ? 'aborted' : 'failed', this.#sentBytes)
      throw error
    }
  }

  async #pipe(chunks: AsyncIterable<Uint8Array>, announced: string | undefined): Promise<void> {
    for await (const chunk of chunks) {
      // Only now: until there is a byte to send, a failure can still be told.
      if (!this.#raw.headersSent) this.#options.begin()
      await this.#write(chunk)
      this.#sentBytes += chunk.byteLength
    }
    if (!this.#raw.headersSent) this.#options.begin()
    if (announced !== undefined && Number(announced) !== this.#sentBytes)
      throw new Error(`announced ${announced} bytes, but there were ${this.#sentBytes}`)
    await this.#end()
  }

  /** Resolves when the chunk's memory may be used again: when the callback says so, which 'drain' does not. */
  async #write(chunk: Uint8Array): Promise<void> {
    const { left } = this.#options
    const written = new Promise<void>((resolve) => {
      // A write fails because its connection is gone, which may be told before the connection says so itself.
      this.#raw.write(chunk, (error) => (error ? left.abort(new DOMException('the client has left', 'AbortError')) : resolve()))
    })
    this.#stalled?.watch()
    // When the client leaves, the callback may never come.
    await orAborted(written, left.signal)
    this.#stalled?.rest()
  }

  // Every byte is with the kernel by now: many clients hang up right after the last one, and theirs is a complete download.
  #end(): Promise<void> {
    return new Promise((resolve) => {
      this.#raw.once('close', resolve)
      this.#raw.end(resolve)
    })
  }
}
