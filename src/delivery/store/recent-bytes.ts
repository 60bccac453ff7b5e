import { freeBytes } from '../../media/free-bytes.js'

/** Who is lent a chunk pins it for as long as it likes; past so many, readers are given copies. */
const MAX_LENT = 4
/** TLS hands on 16 KiB at a time, and each would be sent by itself: copied, a buffer full of them goes at once. */
const LEAST_LENT_BYTES = 65_536

/** Bytes that are a reader's until it gives them back. */
export interface LentBytes {
  readonly bytes: Uint8Array
  giveBack(): void
  /** Instead, where something may still read them, as a socket does whose client left: the garbage collector knows when they are free. */
  leave(): void
}

interface KeptChunk {
  readonly bytes: Uint8Array
  lent: number
  isForgotten: boolean
  isLeft: boolean
}

/**
 * The last bytes that arrived, still in memory: a reader that keeps up with a download is given these, whether or not they are on the disk
 * yet. It owns what it is given, and frees it when it lets go of it and nobody reads it any more.
 */
export class RecentBytes {
  #chunks: KeptChunk[] = []
  #start = 0
  #bytes = 0
  #lent = 0

  /** `chunks` stand at `start`, behind those before them. Nobody else may use their memory from now on. */
  add(chunks: readonly Uint8Array[], start: number): void {
    if (start !== this.#start + this.#bytes) this.clear(start)
    for (const bytes of chunks) {
      this.#chunks.push({ bytes, lent: 0, isForgotten: false, isLeft: false })
      this.#bytes += bytes.byteLength
    }
  }

  /** Forgets the oldest chunks, those that end by `before`, for as long as `keptBytes` are left. */
  trim(before: number, keptBytes: number): void {
    for (let first = this.#chunks[0]; first !== undefined; first = this.#chunks[0]) {
      const { byteLength } = first.bytes
      if (this.#start + byteLength > before || this.#bytes - byteLength < keptBytes) return
      this.#chunks.shift()
      this.#start += byteLength
      this.#bytes -= byteLength
      forget(first)
    }
  }

  clear(start = 0): void {
    for (const chunk of this.#chunks) forget(chunk)
    this.#chunks = []
    this.#start = start
    this.#bytes = 0
  }

  has(at: number): boolean {
    return at >= this.#start && at < this.#start + this.#bytes
  }

  /** Bytes from `at`, up to `end` or to the end of their chunk, as they are; null when the first of them is not here, their chunk is small, or too much is lent. */
  lend(at: number, end: number): LentBytes | null {
    if (!this.has(at) || this.#lent >= MAX_LENT) return null
    let skipped = at - this.#start
    for (const chunk of this.#chunks) {
      const { byteLength } = chunk.bytes
      if (skipped < byteLength) return byteLength < LEAST_LENT_BYTES ? null : this.#lendOf(chunk, skipped, skipped + end - at)
      skipped -= byteLength
    }
    return null
  }

  /** Bytes [at, end), or as many of them as fit, copied into `buffer`; null when the first of them is not here. */
  copy(at: number, end: number, buffer: Buffer): Buffer | null {
    if (!this.has(at)) return null
    const wanted = Math.min(end - at, buffer.byteLength)
    let filled = 0
    let skipped = at - this.#start
    for (const { bytes } of this.#chunks) {
      if (filled === wanted) break
      const piece = bytes.subarray(skipped, skipped + wanted - filled)
      buffer.set(piece, filled)
      filled += piece.byteLength
      skipped = Math.max(0, skipped - bytes.byteLength)
    }
    return buffer.subarray(0, filled)
  }

  #lendOf(chunk: KeptChunk, start: number, end: number): LentBytes {
    chunk.lent += 1
    this.#lent += 1
    const giveBack = () => {
      chunk.lent -= 1
      this.#lent -= 1
      if (chunk.isForgotten) forget(chunk)
    }
    const leave = () => {
      chunk.isLeft = true
      giveBack()
    }
    return { bytes: chunk.bytes.subarray(start, end), giveBack, leave }
  }
}

function forget(chunk: KeptChunk): void {
  chunk.isForgotten = true
  if (chunk.lent === 0 && !chunk.isLeft) freeBytes(chunk.bytes)
}
