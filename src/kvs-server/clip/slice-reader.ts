import { type Slice, sliceLength } from '../../media/mp4/slices.js'
import type { Archive } from '../archive/archive.js'
import type { ArchivedFragment } from '../archive/archived-fragment.js'
import { readBuffers } from '../archive/buffer-pool.js'
import type { ReadableFile } from '../archive/file-system.js'

/** The most pieces in one buffer. This bounds the number of files that are read at a time. */
const MOST_PIECES = 16

/**
 * Yields the bytes of the slices in order and reads one buffer ahead. A yielded buffer is overwritten when the next one is requested, so the
 * caller must be done with it by then.
 */
export async function* readSlices(slices: readonly Slice[], open: (source: number) => Promise<ReadableFile>): AsyncGenerator<Uint8Array> {
  const pair = [readBuffers.take(), readBuffers.take()] as const
  const cursor = new SliceCursor(slices, open)
  let [current, next] = pair
  let filling = cursor.fill(current)
  try {
    for (let filled = await filling; filled > 0; filled = await filling) {
      filling = cursor.fill(next)
      // It is awaited when the next buffer is requested. Until then its failure must not count as unhandled.
      filling.catch(() => {})
      yield current.subarray(0, filled)
      ;[current, next] = [next, current]
    }
  } finally {
    await filling.catch(() => {})
    for (const buffer of pair) readBuffers.give(buffer)
  }
}

/** Protects the files of the fragments from retention while they are read. */
export async function* readRetained(
  archive: Archive,
  fragments: readonly ArchivedFragment[],
  read: () => AsyncGenerator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const release = archive.retain(fragments)
  try {
    yield* read()
  } finally {
    release()
  }
}

/** A part of a slice, and the place in the buffer that it goes to. */
interface Piece {
  readonly slice: Slice
  readonly at: number
  readonly into: Buffer
}

/** Fills buffers across the borders of slices. The files of one buffer are read side by side. */
class SliceCursor {
  #index = 0
  #at = 0

  constructor(
    private readonly slices: readonly Slice[],
    private readonly open: (source: number) => Promise<ReadableFile>,
  ) {}

  /** Returns the number of bytes; 0 at the end. */
  async fill(buffer: Buffer): Promise<number> {
    const pieces = this.#take(buffer)
    const copied = await Promise.allSettled(pieces.map((piece) => this.#copy(piece)))
    // Throw only when all reads have ended: none may still write into the buffer.
    for (const result of copied) if (result.status === 'rejected') throw result.reason
    return pieces.reduce((sum, { into }) => sum + into.byteLength, 0)
  }

  #take(buffer: Buffer): Piece[] {
    const pieces: Piece[] = []
    let taken = 0
    for (let slice = this.slices[this.#index]; slice !== undefined; slice = this.slices[this.#index]) {
      const room = buffer.byteLength - taken
      const left = sliceLength(slice) - this.#at
      // Each piece is one read. A slice that does not fit is split only if half of the buffer would stay empty.
      if (room === 0 || pieces.length === MOST_PIECES || (left > room && room <= buffer.byteLength / 2)) break
      // Bytes in memory do not wait for a file: the head of a clip is sent while its first media is read.
      if (slice.kind === 'source' && pieces[0]?.slice.kind === 'bytes') break
      const count = Math.min(room, left)
      if (count > 0) pieces.push({ slice, at: this.#at, into: buffer.subarray(taken, taken + count) })
      taken += count
      this.#advance(count, sliceLength(slice))
    }
    return pieces
  }

  #advance(count: number, length: number): void {
    this.#at += count
    if (this.#at < length) return
    this.#index += 1
    this.#at = 0
  }

  async #copy({ slice, at, into }: Piece): Promise<void> {
    if (slice.kind === 'bytes') {
      into.set(slice.bytes.subarray(at, at + into.byteLength))
      return
    }
    const file = await this.open(slice.source)
    const read = await file.read(into, slice.offset + at).finally(() => file.close())
    if (read < into.byteLength) throw new Error(`a fragment's file ends ${into.byteLength - read} bytes early`)
  }
}
