import type { Readable } from 'node:stream'

export type UploadRead =
  | { readonly kind: 'chunk'; readonly chunk: Uint8Array }
  | { readonly kind: 'end' }
  /** The connection is gone, or the server closes. */
  | { readonly kind: 'broken' }
  /** No bytes came before the timeout. */
  | { readonly kind: 'quiet' }

const EVENTS = ['end', 'error', 'close'] as const
/** How much may queue between calls of `next`: two reads of a socket. The body is paused beyond that. */
const MOST_WAITING_BYTES = 131_072
/** Also a limit on chunks: a body may arrive byte by byte, and `shift` moves all elements of a long array. */
const MOST_WAITING_CHUNKS = 1024

/**
 * Reads a body chunk by chunk with backpressure, and distinguishes its end, a break and silence. There may be thousands of chunks a second:
 * one listener serves all ('data' avoids the queue behind `read()`), and no chunk gets a timer of its own. Nothing else can read the body
 * until the reader is disposed of.
 */
export class UploadReader implements Disposable {
  readonly #waiting: Uint8Array[] = []
  #waitingBytes = 0
  #isBroken = false
  /** Cached: `aborted` of a composed signal is slow. */
  #isAborted = false
  #resolve: ((read: UploadRead) => void) | null = null
  /** When the pending `next` times out. The timer may be due earlier and is then set again. */
  #deadline = 0
  #timer: NodeJS.Timeout | null = null
  #timerDue = 0
  readonly #onData = (chunk: Uint8Array) => this.#take(chunk)
  readonly #onChange = () => this.#answer(this.#resolve === null ? null : this.#read())
  readonly #onAbort = () => {
    this.#isAborted = true
    this.#onChange()
  }

  constructor(
    private readonly body: Readable,
    private readonly signal: AbortSignal,
  ) {
    // If the body breaks between two calls of `next`, the next call reports it. A later error must not be unhandled.
    body.on('error', () => {
      this.#isBroken = true
    })
    for (const event of EVENTS) body.on(event, this.#onChange)
    if (signal.aborted) this.#isAborted = true
    signal.addEventListener('abort', this.#onAbort)
    body.on('data', this.#onData)
  }

  [Symbol.dispose](): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.signal.removeEventListener('abort', this.#onAbort)
    for (const event of EVENTS) this.body.removeListener(event, this.#onChange)
    this.body.pause()
    this.body.removeListener('data', this.#onData)
  }

  next(timeoutMs: number): Promise<UploadRead> {
    const read = this.#read()
    if (read !== null) return Promise.resolve(read)
    return new Promise((resolve) => {
      this.#resolve = resolve
      this.#deadline = performance.now() + timeoutMs
      if (this.#timer === null || this.#deadline < this.#timerDue) this.#setTimer(timeoutMs)
    })
  }

  #read(): UploadRead | null {
    if (this.#isAborted) return { kind: 'broken' }
    const chunk = this.#waiting.shift()
    if (chunk !== undefined) return this.#giveOut(chunk)
    if (this.body.readableEnded) return { kind: 'end' }
    return this.#isBroken || this.body.destroyed ? { kind: 'broken' } : null
  }

  #take(chunk: Uint8Array): void {
    this.#waiting.push(chunk)
    this.#waitingBytes += chunk.byteLength
    if (this.#waitingBytes > MOST_WAITING_BYTES || this.#waiting.length >= MOST_WAITING_CHUNKS) this.body.pause()
    this.#onChange()
  }

  #giveOut(chunk: Uint8Array): UploadRead {
    this.#waitingBytes -= chunk.byteLength
    if (this.#waiting.length === 0 && this.body.isPaused()) this.body.resume()
    return { kind: 'chunk', chunk }
  }

  #answer(read: UploadRead | null): void {
    const resolve = this.#resolve
    if (read === null || resolve === null) return
    this.#resolve = null
    resolve(read)
  }

  #setTimer(timeoutMs: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timerDue = performance.now() + timeoutMs
    this.#timer = setTimeout(() => this.#lookAtTime(), timeoutMs)
  }

  #lookAtTime(): void {
    this.#timer = null
    if (this.#resolve === null) return
    const leftMs = this.#deadline - performance.now()
    if (leftMs > 0) this.#setTimer(leftMs)
    else this.#answer({ kind: 'quiet' })
  }
}
