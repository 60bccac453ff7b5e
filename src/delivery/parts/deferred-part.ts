import { orAborted } from '../../lib/clock.js'
import type { PartHandle, PartState } from '../ports.js'
import type { ByteSpan } from '../serve/byte-range.js'

export interface PartLender {
  /** Bytes of the part are asked for. */
  onRead(): void
  onRelease(): void
  /** The part could not be read: it is damaged, or will never come. */
  onBroken(): void
}

/** A part that may not have been asked for yet, lent out: whoever reads it waits for it, and releasing it only tells the lender. */
export class DeferredPart implements PartHandle {
  readonly #part: Promise<PartHandle>
  readonly #lender: PartLender
  #opened: PartHandle | null = null

  constructor(part: Promise<PartHandle>, lender: PartLender) {
    this.#lender = lender
    this.#part = part.then((opened) => {
      this.#opened = opened
      return opened
    })
    // Whoever reads hears of it; when nobody does, it is not an unhandled rejection.
    this.#part.catch(() => null)
  }

  /** The part itself, once it tells how much of it is there. */
  async whenOpened(signal: AbortSignal): Promise<DeferredPart> {
    await orAborted(this.#part, signal)
    return this
  }

  get origin(): PartHandle['origin'] {
    return this.#opened?.origin ?? 'fetched'
  }

  get state(): PartState {
    return this.#opened?.state ?? { state: 'arriving', arrivedBytes: 0, expectedBytes: null }
  }

  async whole(signal: AbortSignal): Promise<number> {
    return (await orAborted(this.#part, signal)).whole(signal)
  }

  async sha256(signal: AbortSignal): Promise<string> {
    return (await orAborted(this.#part, signal)).sha256(signal)
  }

  async *read(span: ByteSpan, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    this.#lender.onRead()
    try {
      yield* (await orAborted(this.#part, signal)).read(span, signal)
    } catch (error) {
      if (!signal.aborted) this.#lender.onBroken()
      throw error
    }
  }

  onProgress(listener: (state: PartState) => void): () => void {
    let isOver = false
    let end = () => {
      isOver = true
    }
    this.#part.then(
      (opened) => {
        if (!isOver) end = opened.onProgress(listener)
      },
      () => null,
    )
    return () => end()
  }

  release(): void {
    this.#lender.onRelease()
  }
}
