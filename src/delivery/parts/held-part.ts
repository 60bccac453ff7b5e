import type { ReadableBlob } from '../ports.js'

/** A part that somebody holds: the one blob that all its readers share, and whether anybody still wants it. */
export class HeldPart {
  readonly key: string
  readonly #abort = new AbortController()
  readonly #onUnheld: (part: HeldPart) => void
  readonly opened: Promise<OpenedPart>
  #blob: ReadableBlob | null = null
  #close: (() => Promise<void>) | null = null
  #sha256: Promise<string> | null = null
  #holders = 0
  #usedAtMs = performance.now()
  #isEvicted = false

  constructor(key: string, { begin, onUnheld }: HeldPartOptions) {
    this.key = key
    this.#onUnheld = onUnheld
    this.opened = begin(this).then((opened) => {
      this.#blob = opened.blob
      return opened
    })
    // Those who open the part get the error. All of them may have left.
    this.opened.catch(() => null)
  }

  /** Aborted when nobody holds the part any more, or the store closes. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** Whether its blob was closed although somebody holds the part. It is opened or fetched again when it is read. */
  get isEvicted(): boolean {
    return this.#isEvicted
  }

  /** By performance.now(). */
  get usedAtMs(): number {
    return this.#usedAtMs
  }

  get isHeld(): boolean {
    return this.#holders > 0
  }

  /** Null until the part is opened. */
  get blob(): ReadableBlob | null {
    return this.#blob
  }

  /** Sets how the blob is closed, as soon as there is one. */
  closeWith(close: () => Promise<void>): void {
    this.#close = close
  }

  hold(): void {
    this.#holders += 1
    this.use()
  }

  /** Notes that somebody reads it now. */
  use(): void {
    this.#usedAtMs = performance.now()
  }

  evict(): Promise<void> {
    this.#isEvicted = true
    return this.close()
  }

  release(): void {
    this.#holders -= 1
    if (this.#holders === 0) this.#onUnheld(this)
  }

  abort(reason: unknown): void {
    this.#abort.abort(reason)
  }

  async close(): Promise<void> {
    const close = this.#close
    this.#close = null
    await close?.()
  }

  /** Computed once for all callers. A caller that leaves does not stop it. */
  sha256(compute: () => Promise<string>): Promise<string> {
    this.#sha256 ??= this.holding(compute).catch((error) => {
      this.#sha256 = null
      throw error
    })
    return this.#sha256
  }

  /** Holds the part during the work. */
  async holding<T>(work: () => Promise<T>): Promise<T> {
    this.hold()
    try {
      return await work()
    } finally {
      this.release()
    }
  }
}

export interface HeldPartOptions {
  readonly begin: (part: HeldPart) => Promise<OpenedPart>
  readonly onUnheld: (part: HeldPart) => void
}

export interface OpenedPart {
  readonly blob: ReadableBlob
  readonly origin: 'stored' | 'fetched'
}
