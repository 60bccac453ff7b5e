/** As measured: two of 1 MiB read fastest, and are all the memory that a clip in flight takes. */
const BUFFER_BYTES = 1_048_576
const IDLE_PAIRS_KEPT = 8

export type BufferPair = readonly [Buffer, Buffer]

/** Pairs of buffers that file reads fill in turn: one is sent while the other is filled. */
export class ClipBuffers {
  readonly #idle: BufferPair[] = []

  take(): BufferPair {
    return this.#idle.pop() ?? [Buffer.allocUnsafeSlow(BUFFER_BYTES), Buffer.allocUnsafeSlow(BUFFER_BYTES)]
  }

  give(pair: BufferPair): void {
    if (this.#idle.length < IDLE_PAIRS_KEPT) this.#idle.push(pair)
  }
}
