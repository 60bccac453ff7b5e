import type { GrowingFile } from './growing-file.js'

/** A part that somebody holds: the one file that all its readers share, and whether anybody still wants it. */
export class HeldPart {
  readonly name: string
  readonly #abort = new AbortController()
  readonly #onUnheld: (part: HeldPart) => void
  readonly opened: Promise<OpenedPart>
  #file: GrowingFile | null = null
  #close: (() => Promise<void>) | null = null
  #sha256: Promise<string> | null = null
  #holders = 0
  #usedAtMs = performance.now()
  #isEvicted = false

  constructor(name: string, { begin, onUnheld }: HeldPartOptions) {
    this.name = name
    this.#onUnheld = onUnheld
    this.opened = begin(this).then((opened) => {
      this.#file = opened.file
      return opened
    })
    // Whoever opens the part hears of it; when all have left meanwhile nobody does.
    this.opened.catch(() => null)
  }

  /** Aborted when nobody holds the part any more, or the store closes. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** Whether its file was closed although somebody holds it: it is opened or fetched again when it is wanted. */
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
  get file(): GrowingFile | null {
    return this.#file
  }

  /** Says how the file is closed, once it is open. */
  closeWith(close: () => Promise<void>): void {
    this.#close = close
  }

  hold(): void {
    this.#holders += 1
    this.use()
  }

  /** Notes that its bytes are wanted now. */
  use(): void {
    this.#usedAtMs = performance.now()
  }

  evict(): Promise<void> {
    this.#isEvicted = true
    return this.close()
  }

  letGo(): void {
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

  /** Computed once, however many ask. One who leaves does not stop it. */
  sha256(compute: () => Promise<string>): Promise<string> {
    this.#sha256 ??= this.holding(compute).catch((error) => {
      this.#sha256 = null
      throw error
    })
    return this.#sha256
  }

  /** Does the work while the part is held. */
  async holding<T>(work: () => Promise<T>): Promise<T> {
    this.hold()
    try {
      return await work()
    } finally {
      this.letGo()
    }
  }
}

export interface HeldPartOptions {
  readonly begin: (part: HeldPart) => Promise<OpenedPart>
  readonly onUnheld: (part: HeldPart) => void
}

export interface OpenedPart {
  readonly file: GrowingFile
  readonly origin: 'stored' | 'fetched'
  /** The SHA-256 that the footer holds. */
  readonly sha256: string | null
  /** Removes the file, if it is still this part. */
  readonly remove: () => Promise<void>
  /** Never rejects. */
  readonly keepSha256: (sha256: string) => Promise<void>
}
