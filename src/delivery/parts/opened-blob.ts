import type { ReadableBlob } from '../ports.js'

export interface OpenedBlobOptions {
  readonly blob: ReadableBlob
  readonly origin: 'stored' | 'fetched'
  readonly stop: AbortController
  /** Resolves when nothing is written any more. Null for a stored blob. */
  readonly over: Promise<void> | null
}

/** A blob of the store that is open: stored, or arriving. */
export class OpenedBlob {
  readonly blob: ReadableBlob
  readonly origin: OpenedBlobOptions['origin']
  readonly over: Promise<void> | null
  readonly #stop: AbortController
  #isOver: boolean
  #closing: Promise<void> | null = null

  constructor({ blob, origin, stop, over }: OpenedBlobOptions) {
    this.blob = blob
    this.origin = origin
    this.over = over
    this.#stop = stop
    this.#isOver = over === null
    over?.finally(() => {
      this.#isOver = true
    })
  }

  /** Whether it is on disk as a whole, or could not be stored. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** Stops the fetch of a blob that has not arrived. May be called more than once. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    if (this.blob.state.state !== 'complete') this.#stop.abort(new DOMException('nobody holds the part any more', 'AbortError'))
    // A blob that is over is closed at once, because the store evicts it next.
    if (!this.#isOver) await this.over
    await this.blob.close()
  }
}
