import type { ParsedMovie } from '../../media/mp4/read/read-movie.js'
import type { PartHandle, PartState } from '../ports.js'

/** Where one part of the clip will be. */
export class PartSlot {
  /** Resolves when the headers have come, with how the part was come by; the handle follows once it is sure to be of use. */
  readonly begun = Promise.withResolvers<PartHandle['origin']>()
  readonly handle = Promise.withResolvers<PartHandle>()
  head = Promise.withResolvers<ParsedMovie>()
  /** Rejects when the part is found not to be the footage that was listed; what was stored was compared before. */
  compared: Promise<void> = Promise.resolve()
  #opened: PartHandle | null = null
  #isClosed = false
  #endProgress = () => {}

  constructor() {
    for (const { promise } of [this.begun, this.handle, this.head]) promise.catch(() => null)
  }

  get state(): PartState | null {
    return this.#opened?.state ?? null
  }

  open(handle: PartHandle, onProgress: () => void): void {
    this.#opened = handle
    this.#endProgress = handle.onProgress(onProgress)
    this.handle.resolve(handle)
    if (this.#isClosed) this.close()
  }

  forgetHead(): void {
    this.head = Promise.withResolvers()
    this.head.promise.catch(() => null)
  }

  reject(handleError: unknown, headError: unknown): void {
    this.begun.reject(handleError)
    this.handle.reject(handleError)
    this.head.reject(headError)
  }

  close(): void {
    this.#isClosed = true
    this.#endProgress()
    this.#opened?.release()
  }
}
