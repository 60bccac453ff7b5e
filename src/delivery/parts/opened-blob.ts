import type { ReadableBlob } from '../ports.js'

/** A blob of the store that is open: stored, or arriving. */
export class OpenedBlob {
  #isOver: boolean
  #closing: Promise<void> | null = null

  /** `over` resolves when nothing is written any more. Null for a stored blob. `stop` stops the fetch. */
  constructor(
    readonly blob: ReadableBlob,
    readonly over: Promise<void> | null,
    private readonly stop: AbortController,
  ) {
    this.#isOver = over === null
    over?.finally(() => {
      this.#isOver = true
    })
  }

  get origin(): 'stored' | 'fetched' {
    return this.over === null ? 'stored' : 'fetched'
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
    if (this.blob.state.state !== 'complete') this.stop.abort(new DOMException('nobody holds the part any more', 'AbortError'))
    // A blob that is over is closed at once, because the store evicts it next.
    if (!this.#isOver) await this.over
    await this.blob.close()
  }
}
