import type { Readable } from 'node:stream'

export type UploadRead =
  | { readonly kind: 'chunk'; readonly chunk: Uint8Array }
  | { readonly kind: 'end' }
  /** The connection is gone, or the server closes. */
  | { readonly kind: 'broken' }
  /** No bytes came in the time given. */
  | { readonly kind: 'quiet' }

/** Reads a body chunk by chunk and not faster than asked, telling its ends and its silences apart. */
export class UploadReader {
  readonly #body: Readable
  readonly #signal: AbortSignal
  #isBroken = false

  constructor(body: Readable, signal: AbortSignal) {
    this.#body = body
    this.#signal = signal
    // A body that breaks while nobody waits for it is found out by the next read.
    body.on('error', () => {
      this.#isBroken = true
    })
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
    const events = ['readable', 'end', 'error', 'close'] as const
    return new Promise((resolve) => {
      const stop = () => {
        clearTimeout(timer)
        this.#signal.removeEventListener('abort', stop)
        for (const event of events) this.#body.removeListener(event, stop)
        resolve()
      }
      const timer = setTimeout(stop, timeoutMs)
      this.#signal.addEventListener('abort', stop)
      for (const event of events) this.#body.on(event, stop)
    })
  }
}
