import { crc32 } from 'node:zlib'
import { BLOCK_BYTES } from './part-footer.js'

/** The CRC-32 of each block of a part that is arriving: of the complete blocks, and of what has arrived of the last one. */
export class BlockChecks {
  readonly #closed: number[]
  #openCheck = 0
  #openBytes = 0

  constructor(closed: readonly number[] = []) {
    this.#closed = [...closed]
  }

  get closed(): readonly number[] {
    return this.#closed
  }

  /** What the chunks add. Accepted in a second step, because writing them may fail. */
  check(chunks: readonly Uint8Array[]): CheckedBytes {
    const closed: number[] = []
    let check = this.#openCheck
    let bytes = this.#openBytes
    for (const chunk of chunks) {
      for (let at = 0; at < chunk.byteLength; ) {
        const piece = chunk.subarray(at, at + BLOCK_BYTES - bytes)
        check = crc32(piece, check)
        bytes += piece.byteLength
        at += piece.byteLength
        if (bytes < BLOCK_BYTES) continue
        closed.push(check)
        check = 0
        bytes = 0
      }
    }
    return { closed, openCheck: check, openBytes: bytes }
  }

  accept({ closed, openCheck, openBytes }: CheckedBytes): void {
    this.#closed.push(...closed)
    this.#openCheck = openCheck
    this.#openBytes = openBytes
  }

  /** The part is complete. Its last block may be short. */
  close(): void {
    if (this.#openBytes > 0) this.accept({ closed: [this.#openCheck], openCheck: 0, openBytes: 0 })
  }
}

interface CheckedBytes {
  readonly closed: readonly number[]
  readonly openCheck: number
  readonly openBytes: number
}
