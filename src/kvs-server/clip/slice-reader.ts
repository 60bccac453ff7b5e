import { type Slice, sliceLength } from '../../media/mp4/slices.js'
import type { ReadableFile } from '../archive/file-system.js'
import type { ClipBuffers } from './clip-buffers.js'

export interface SliceReaderOptions {
  readonly slices: readonly Slice[]
  readonly open: (source: number) => Promise<ReadableFile>
  readonly buffers: ClipBuffers
}

/**
 * The bytes of slices, in order, read ahead by one buffer. A buffer that was given out is filled again only after the next but one was
 * asked for, so whoever sends must be done with it by then.
 */
export async function* readSlices({ slices, open, buffers }: SliceReaderOptions): AsyncGenerator<Uint8Array> {
  const pair = buffers.take()
  const cursor = new SliceCursor(slices, open)
  let [current, next] = pair
  let filling = cursor.fill(current)
  try {
    for (let filled = await filling; filled > 0; filled = await filling) {
      filling = cursor.fill(next)
      // It is awaited when the next buffer is asked for; until then its failure must not count as unhandled.
      filling.catch(() => {})
      yield current.subarray(0, filled)
      ;[current, next] = [next, current]
    }
  } finally {
    await filling.catch(() => {})
    await cursor.close()
    buffers.give(pair)
  }
}

/** Fills buffers across the borders of slices; has one file open at a time. */
class SliceCursor {
  readonly #slices: readonly Slice[]
  readonly #open: (source: number) => Promise<ReadableFile>
  #index = 0
  #at = 0
  #file: ReadableFile | null = null

  constructor(slices: readonly Slice[], open: (source: number) => Promise<ReadableFile>) {
    this.#slices = slices
    this.#open = open
  }

  /** How many bytes there were: fewer than fit only at the end. */
  async fill(buffer: Buffer): Promise<number> {
    let filled = 0
    for (let slice = this.#slices[this.#index]; slice !== undefined && filled < buffer.length; slice = this.#slices[this.#index]) {
      const count = Math.min(buffer.length - filled, sliceLength(slice) - this.#at)
      await this.#copy(slice, buffer.subarray(filled, filled + count))
      filled += count
      this.#at += count
      if (this.#at === sliceLength(slice)) await this.#advance()
    }
    return filled
  }

  async close(): Promise<void> {
    const file = this.#file
    this.#file = null
    await file?.close()
  }

  async #copy(slice: Slice, into: Buffer): Promise<void> {
    if (slice.kind === 'bytes') {
      into.set(slice.bytes.subarray(this.#at, this.#at + into.length))
      return
    }
    this.#file ??= await this.#open(slice.source)
    const read = await this.#file.read(into, slice.offset + this.#at)
    if (read < into.length) throw new Error(`a fragment's file ends ${into.length - read} bytes early`)
  }

  async #advance(): Promise<void> {
    this.#index += 1
    this.#at = 0
    await this.close()
  }
}
