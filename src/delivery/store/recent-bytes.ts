import { freeBytes } from '../../lib/free-bytes.js'

/** As much as a reader that keeps up is behind. */
const KEPT_BYTES = 2_097_152

/**
 * The last bytes that arrived, still in memory: a reader that keeps up with a download is given these, and the disk is not asked for what
 * it was given a moment ago. It owns what it is given, and frees it when it lets go of it.
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
      freeBytes(first)
    }
  }

  clear(start = 0): void {
    for (const chunk of this.#chunks) freeBytes(chunk)
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
