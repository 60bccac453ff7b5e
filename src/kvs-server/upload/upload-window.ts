/** More chunks than this are joined: a producer may send bytes one by one. */
const MOST_CHUNKS = 64

/**
 * The bytes of an upload that are still needed: the newest chunk and a part of those before it, because an element may span chunks. Offsets
 * count from the first byte of the upload. Chunks are not copied: data between Clusters may be of any length.
 */
export class UploadWindow {
  /** In order, up to #end. The first may begin before #start. */
  #chunks: Uint8Array[] = []
  #chunksStart = 0
  #start = 0
  #end = 0

  /** `onDropped` is called with each chunk that is no longer needed. */
  constructor(private readonly onDropped: (chunk: Uint8Array) => void = () => {}) {}

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

  /** Bytes [start, end) as views of the chunks, valid until `keepFrom`. Null when they were dropped. */
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

  /** Drops everything before `offset`, and everything but the last `mostBytes`. Call it once for each chunk, after the chunk was handled. */
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
      this.onDropped(first)
    }
  }

  #join(): void {
    const joined = Buffer.concat(this.pieces(this.#start, this.#end) ?? [])
    for (const chunk of this.#chunks) this.onDropped(chunk)
    this.#chunks = [joined]
    this.#chunksStart = this.#start
  }
}
