/** Two buffers take turns: one is being sent while the other is filled. Small ones are the same one twice, which is filled when it has been sent. */
export interface BufferPair {
  readonly buffers: readonly [Buffer, Buffer]
  readonly large: boolean
}

export interface ReadBuffersOptions {
  readonly largeBytes?: number
  readonly smallBytes?: number
  /** The most that all large buffers in use may hold together. */
  readonly largeBudgetBytes?: number
}

const IDLE_PAIRS_KEPT = 16

/**
 * Buffers that file reads fill. Large ones make a fast reader fast (512 KiB: measured as more than twice the speed of 64 KiB; a block more,
 * so that two hold a mebibyte from anywhere, which is what players ask for), but a reader that stalls pins what it was given for as long as
 * its socket is full: so the large ones have a budget, and who comes after gets small ones.
 */
export class ReadBuffers {
  readonly largeBytes: number
  readonly smallBytes: number
  readonly #idle = { large: [] as BufferPair[], small: [] as BufferPair[] }
  #largeLeft: number

  constructor({ largeBytes = 589_824, smallBytes = 65_536, largeBudgetBytes = 75_497_472 }: ReadBuffersOptions = {}) {
    this.largeBytes = largeBytes
    this.smallBytes = smallBytes
    this.#largeLeft = Math.floor(largeBudgetBytes / (2 * largeBytes))
  }

  /** A large pair where that helps and is within the budget. */
  take(preferLarge: boolean): BufferPair {
    if (!preferLarge || this.#largeLeft === 0) return this.#idle.small.pop() ?? createPair(this.smallBytes, false)
    this.#largeLeft -= 1
    return this.#idle.large.pop() ?? createPair(this.largeBytes, true)
  }

  give(pair: BufferPair): void {
    if (pair.large) this.#largeLeft += 1
    const idle = pair.large ? this.#idle.large : this.#idle.small
    if (idle.length < IDLE_PAIRS_KEPT) idle.push(pair)
  }
}

function createPair(bytes: number, large: boolean): BufferPair {
  const buffer = Buffer.allocUnsafeSlow(bytes)
  return { buffers: [buffer, large ? Buffer.allocUnsafeSlow(bytes) : buffer], large }
}
