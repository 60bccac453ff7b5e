/** More pieces than this are put together: a producer may send bytes one by one. */
const MOST_PIECES = 64

/**
 * The stretch of an upload that may still be asked for: the chunk that has just come, and what was kept of those before it, because an
 * element begins in one chunk and is understood in the next. Offsets count from the upload's first byte. Chunks are kept as they are and
 * not copied: what stands between Clusters may go on for as long as the producer likes.
 */
export class UploadWindow {
  /** One behind the other, from #start to #end. */
  #pieces: Uint8Array[] = []
  #start = 0
  #end = 0

  get start(): number {
    return this.#start
  }

  get end(): number {
    return this.#end
  }

  push(chunk: Uint8Array): void {
    this.#pieces.push(chunk)
    this.#end += chunk.byteLength
  }

  /** Bytes [start, end) in pieces that are the chunks' own memory; null when they are no longer there. */
  pieces(start: number, end: number): Uint8Array[] | null {
    if (start < this.#start || end > this.#end) return null
    let at = this.#start
    const found: Uint8Array[] = []
    for (const chunk of this.#pieces) {
      const piece = chunk.subarray(Math.max(0, start - at), Math.max(0, end - at))
      if (piece.byteLength > 0) found.push(piece)
      at += chunk.byteLength
    }
    return found
  }

  /** Lets go of all that stands before `offset`, and in any case of all but the last `mostBytes`. To be called once a chunk, at its end. */
  keepFrom(offset: number, mostBytes: number): void {
    const from = Math.min(Math.max(offset, this.#start, this.#end - mostBytes), this.#end)
    const pieces = this.pieces(from, this.#end) ?? []
    this.#pieces = pieces.length > MOST_PIECES ? [Buffer.concat(pieces)] : pieces
    this.#start = from
  }
}
