import type { Readable } from 'node:stream'

export type UploadRead =
  | { readonly kind: 'chunk'; readonly chunk: Uint8Array }
  | { readonly kind: 'end' }
  /** The connection is gone, or the server closes. */
  | { readonly kind: 'broken' }
  /** No bytes came in the time given. */
  | { readonly kind: 'quiet' }

const EVENTS = ['readable', 'end', 'error', 'close'] as const

/**
 * Reads a body chunk by chunk and not faster than asked, telling its ends and its silences apart. It listens once for all chunks, of which
 * there are thousands a second; until it is disposed of nobody else can read the body.
 */
export class UploadReader implements Disposable {
  readonly #body: Readable
  readonly #signal: AbortSignal
  #isBroken = false
  /** Ends the wait under way. */
  #wake: (() => void) | null = null
  readonly #onChange = () => this.#wake?.()

  constructor(body: Readable, signal: AbortSignal) {
    this.#body = body
    this.#signal = signal
    // A body that breaks while nobody waits for it is found out by the next read; and one that breaks later must not go unheard.
    body.on('error', () => {
      this.#isBroken = true
    })
    for (const event of EVENTS) body.on(event, this.#onChange)
    signal.addEventListener('abort', this.#onChange)
  }

  [Symbol.dispose](): void {
    this.#signal.removeEventListener('abort', this.#onChange)
    for (const event of EVENTS) this.#body.removeListener(event, this.#onChange)
  }

  async next(timeoutMs: number): Promise<UploadRead> {
    const deadline = performance.now() + timeoutMs
    for (;;) {
      const read = this.#read()
      if (read !== null) return read
      const leftMs = deadline - performance.now()
      if (leftMs <= 0) return { kind: 'quiet' }
      await this.#change(leftMs)
    }
  }

  #read(): UploadRead | null {
    if (this.#signal.aborted) return { kind: 'broken' }
    const chunk: unknown = this.#body.read()
    if (chunk instanceof Uint8Array) return { kind: 'chunk', chunk }
    if (this.#body.readableEnded) return { kind: 'end' }
    return this.#isBroken || this.#body.destroyed ? { kind: 'broken' } : null
  }

  /** Resolves when there may be something new to read, or the time is over. */
  #change(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const stop = () => {
        clearTimeout(timer)
        this.#wake = null
        resolve()
      }
      const timer = setTimeout(stop, timeoutMs)
      this.#wake = stop
    })
  }
}
