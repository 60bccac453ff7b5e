/** More chunks than this are put together: a producer may send bytes one by one. */
const MOST_CHUNKS = 64

/**
 * The stretch of an upload that may still be asked for: the chunk that has just come, and what was kept of those before it, because an
 * element begins in one chunk and is understood in the next. Offsets count from the upload's first byte. Chunks are kept as they are and
 * not copied: what stands between Clusters may go on for as long as the producer likes.
 */
export class UploadWindow {
  /** One behind the other, up to #end; the first may begin before #start. */
  #chunks: Uint8Array[] = []
  #chunksStart = 0
  #start = 0
  #end = 0
  readonly #onDropped: (chunk: Uint8Array) => void

  /** `onDropped` is told of each chunk that is not looked at any more. */
  constructor(onDropped: (chunk: Uint8Array) => void = () => {}) {
    this.#onDropped = onDropped
  }

  get start(): number {
    return this.#start
  }

  get end(): number {
    return this.#end
  }

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk)
    this.#end += chunk.byteLength
  }

  /** Bytes [start, end) in pieces that are the chunks' own memory, valid until `keepFrom`; null when they are no longer there. */
  pieces(start: number, end: number): Uint8Array[] | null {
    if (start < this.#start || end > this.#end) return null
    let at = this.#chunksStart
    const found: Uint8Array[] = []
    for (const chunk of this.#chunks) {
      const piece = chunk.subarray(Math.max(0, start - at), Math.max(0, end - at))
      if (piece.byteLength > 0) found.push(piece)
      at += chunk.byteLength
    }
    return found
  }

  /** Lets go of all that stands before `offset`, and in any case of all but the last `mostBytes`. To be called once a chunk, at its end. */
  keepFrom(offset: number, mostBytes: number): void {
    this.#start = Math.min(Math.max(offset, this.#start, this.#end - mostBytes), this.#end)
    this.#dropUnwanted()
    if (this.#chunks.length > MOST_CHUNKS) this.#join()
  }

  #dropUnwanted(): void {
    for (let first = this.#chunks[0]; first !== undefined; first = this.#chunks[0]) {
      const end = this.#chunksStart + first.byteLength
      if (end > this.#start) return
      this.#chunks.shift()
      this.#chunksStart = end
      this.#onDropped(first)
    }
  }

  #join(): void {
    const joined = Buffer.concat(this.pieces(this.#start, this.#end) ?? [])
    for (const chunk of this.#chunks) this.#onDropped(chunk)
    this.#chunks = [joined]
    this.#chunksStart = this.#start
  }
}
