/** As much as a reader that keeps up is behind. */
const KEPT_BYTES = 2_097_152

/**
 * The last bytes that arrived, still in memory: a reader that keeps up with a download is given these, and the disk is not asked for what it
 * was given a moment ago. It owns what it is given, and frees it when it lets go of it.
 */
export class RecentBytes {
  #chunks: Uint8Array[] = []
  #start = 0
  #bytes = 0

  /** `chunks` stand at `start`, behind those before them. Nobody else may use their memory from now on. */
  add(chunks: readonly Uint8Array[], start: number): void {
    if (start !== this.#start + this.#bytes) this.clear(start)
    for (const chunk of chunks) {
      this.#chunks.push(chunk)
      this.#bytes += chunk.byteLength
    }
    for (let first = this.#chunks[0]; first !== undefined && this.#bytes - first.byteLength >= KEPT_BYTES; first = this.#chunks[0]) {
      this.#chunks.shift()
      this.#start += first.byteLength
      this.#bytes -= first.byteLength
      free(first)
    }
  }

  clear(start = 0): void {
    for (const chunk of this.#chunks) free(chunk)
    this.#chunks = []
    this.#start = start
    this.#bytes = 0
  }

  /** Bytes [at, end), or as many of them as fit, copied into `buffer`; null when the first of them is not here. */
  copy(at: number, end: number, buffer: Buffer): Buffer | null {
    if (at < this.#start || at >= this.#start + this.#bytes) return null
    const wanted = Math.min(end - at, buffer.byteLength)
    let filled = 0
    let skipped = at - this.#start
    for (const chunk of this.#chunks) {
      if (filled === wanted) break
      const piece = chunk.subarray(skipped, skipped + wanted - filled)
      buffer.set(piece, filled)
      filled += piece.byteLength
      skipped = Math.max(0, skipped - chunk.byteLength)
    }
    return buffer.subarray(0, filled)
  }
}

/**
 * Gives the memory back now. Left to the garbage collector, a clip's hundreds of socket buffers make it mark the whole heap every few dozen
 * megabytes (measured: half of the CPU that a clip on its way through cost). A view into memory that others use is left alone.
 */
function free({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0)
}
