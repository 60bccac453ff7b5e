const EMPTY = new Uint8Array(0)

/**
 * The stretch of an upload that may still be asked for: the chunk that has just come, and what was kept of those before it, because an
 * element begins in one chunk and is understood in the next. Offsets count from the upload's first byte.
 */
export class UploadWindow {
  #kept: Uint8Array = EMPTY
  #chunk: Uint8Array = EMPTY
  #chunkStart = 0

  get start(): number {
    return this.#chunkStart - this.#kept.byteLength
  }

  get end(): number {
    return this.#chunkStart + this.#chunk.byteLength
  }

  /** The chunk before it must have been dealt with: of that, only what `keepFrom` kept stays. */
  push(chunk: Uint8Array): void {
    this.#chunkStart = this.end
    this.#chunk = chunk
  }

  /** Bytes [start, end) in pieces that are the chunks' own memory; null when they are no longer there. */
  pieces(start: number, end: number): Uint8Array[] | null {
    if (start < this.start || end > this.end) return null
    const kept = this.#kept.subarray(start - this.start, Math.max(0, end - this.start))
    const chunk = this.#chunk.subarray(Math.max(0, start - this.#chunkStart), Math.max(0, end - this.#chunkStart))
    return [kept, chunk].filter((piece) => piece.byteLength > 0)
  }

  /** Lets go of all that stands before `offset`, and in any case of all but the last `mostBytes`. To be called once a chunk, at its end. */
  keepFrom(offset: number, mostBytes: number): void {
    const from = Math.max(offset, this.start, this.end - mostBytes)
    const pieces = this.pieces(Math.min(from, this.end), this.end) ?? []
    this.#kept = pieces.length === 0 ? EMPTY : Buffer.concat(pieces)
    this.#chunkStart = this.end
    this.#chunk = EMPTY
  }
}
