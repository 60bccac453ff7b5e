import type { FileHandle } from 'node:fs/promises'
import type { PartState } from '../ports.js'
import { BlockChecks } from './block-checks.js'
import { crc32 } from './crc32.js'
import { PartBroken } from './part-broken.js'
import { BLOCK_BYTES, type PartFooter } from './part-footer.js'
import { type LentBytes, RecentBytes } from './recent-bytes.js'
import { SoundBlocks } from './sound-blocks.js'
import { writeAll } from './write-all.js'

/** As much as a reader that keeps up is behind. */
const KEPT_BYTES = 2_097_152

/**
 * A file that is read while it is still being written. Those who keep up are given what has come from memory, at once; what is read from the
 * disk is checked, each block against the CRC-32 it was written with, unless it was a moment ago and cannot have changed since.
 */
export class GrowingFile {
  readonly #file: FileHandle
  readonly #expectedBytes: number | null
  readonly #checks: BlockChecks
  readonly #recent = new RecentBytes()
  readonly #sound: SoundBlocks
  readonly #waiters = new Set<Waiter>()
  readonly #listeners = new Set<(state: PartState) => void>()
  #arrivedBytes: number
  /** As much as is on its way to the disk: what has arrived besides is in memory. */
  #writtenBytes: number
  #readers = 0
  #ending: 'open' | 'whole' | { readonly error: unknown } = 'open'

  private constructor(file: FileHandle, expectedBytes: number | null, blockChecks: readonly number[], arrivedBytes: number) {
    this.#file = file
    this.#expectedBytes = expectedBytes
    this.#checks = new BlockChecks(blockChecks)
    this.#sound = new SoundBlocks(file)
    this.#arrivedBytes = arrivedBytes
    this.#writtenBytes = arrivedBytes
  }

  static arriving(file: FileHandle, expectedBytes: number | null): GrowingFile {
    return new GrowingFile(file, expectedBytes, [], 0)
  }

  static stored(file: FileHandle, footer: PartFooter): GrowingFile {
    const whole = new GrowingFile(file, footer.contentBytes, footer.blockChecks, footer.contentBytes)
    whole.#ending = 'whole'
    return whole
  }

  get arrivedBytes(): number {
    return this.#arrivedBytes
  }

  get blockChecks(): readonly number[] {
    return this.#checks.closed
  }

  get state(): PartState {
    if (this.#ending === 'open') return { state: 'arriving', arrivedBytes: this.#arrivedBytes, expectedBytes: this.#expectedBytes }
    if (this.#ending === 'whole') return { state: 'complete', sizeBytes: this.#arrivedBytes }
    return { state: 'failed', error: this.#ending.error }
  }

  onProgress(listener: (state: PartState) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Takes the next chunks and gives them to those who wait. To be written next, and nobody else's any more: their memory is freed. */
  receive(chunks: readonly Uint8Array[]): void {
    this.#recent.add(chunks, this.#arrivedBytes)
    for (const chunk of chunks) this.#arrivedBytes += chunk.byteLength
    this.#tell()
  }

  /** Writes what was received last. One call at a time; one that failed may be made again. */
  async write(chunks: readonly Uint8Array[]): Promise<void> {
    const writing = writeAll(this.#file, chunks, this.#writtenBytes)
    // While the disk's thread copies them: they are still in the processor's cache.
    const checked = this.#checks.check(chunks)
    this.#writtenBytes += await writing
    this.#checks.accept(checked)
    this.#recent.trim(this.#writtenBytes, this.#readers > 0 ? KEPT_BYTES : 0)
  }

  /** Every byte has come. */
  end(): void {
    this.#checks.close()
    this.#ending = 'whole'
    this.#recent.clear()
    this.#tell()
  }

  /** No more bytes will come. What is on the disk can still be read. */
  fail(error: unknown): void {
    this.#ending = { error }
    this.#arrivedBytes = this.#writtenBytes
    this.#recent.clear()
    this.#tell()
  }

  /** Somebody reads until the answer is called: what comes meanwhile is kept in memory for a moment. */
  beginReading(): () => void {
    this.#readers += 1
    return () => {
      this.#readers -= 1
      if (this.#readers === 0) this.#recent.trim(this.#writtenBytes, 0)
    }
  }

  /** Resolves once the byte at `offset` is there, with how many there are, or with null when the file ends before it. */
  async whenReadable(offset: number, signal: AbortSignal): Promise<number | null> {
    for (;;) {
      signal.throwIfAborted()
      if (offset < this.#arrivedBytes) return this.#arrivedBytes
      if (this.#ending === 'whole') return null
      if (this.#ending !== 'open') throw this.#ending.error
      await this.#change(offset, signal)
    }
  }

  /** Whether the byte came a moment ago and need not be read from the disk. */
  isRecent(at: number): boolean {
    return this.#recent.has(at)
  }

  /** Bytes from `at` up to `end`, or some of them, as they came; null when they must be loaded. Whoever is lent them gives them back. */
  lend(at: number, end: number): LentBytes | null {
    return this.#recent.lend(at, end)
  }

  /** Bytes from `at`, which must be there, up to `end` or as many as fit: a view of `buffer`, whose length is a multiple of the block's. */
  async load(at: number, end: number, buffer: Buffer): Promise<Buffer> {
    const recent = this.#recent.copy(at, end, buffer)
    if (recent !== null) return recent
    // It was there, but in memory only, and the file has failed since.
    if (at >= this.#arrivedBytes && typeof this.#ending === 'object') throw this.#ending.error
    const { start, stop } = this.#extentOf(at, end, buffer.byteLength)
    const bytes = buffer.subarray(0, stop - start)
    const soundState = this.#sound.state
    await readAll(this.#file, bytes, start)
    this.#sound.look()
    this.#verify(bytes, start, soundState)
    return bytes.subarray(at - start, Math.min(end, stop) - start)
  }

  /** Where what `load` reads from the disk ends, with a buffer of `bufferBytes`. */
  reach(at: number, end: number, bufferBytes: number): number {
    return Math.min(end, this.#extentOf(at, end, bufferBytes).stop)
  }

  /** Whole blocks, for only those can be checked. */
  #extentOf(at: number, end: number, bufferBytes: number): { readonly start: number; readonly stop: number } {
    // Of a block that is still being written there is nothing to check yet, so its beginning need not be read again.
    const isChecked = this.#checks.closed[Math.floor(at / BLOCK_BYTES)] !== undefined
    const start = isChecked ? at - (at % BLOCK_BYTES) : at
    return { start, stop: Math.min(start + bufferBytes, Math.ceil(end / BLOCK_BYTES) * BLOCK_BYTES, this.#writtenBytes) }
  }

  #verify(bytes: Buffer, start: number, soundState: number): void {
    if (start % BLOCK_BYTES > 0) return
    for (let at = 0; at < bytes.byteLength; at += BLOCK_BYTES) {
      const index = (start + at) / BLOCK_BYTES
      if (this.#sound.has(index)) continue
      const block = bytes.subarray(at, at + BLOCK_BYTES)
      const isWhole = block.byteLength === BLOCK_BYTES || (this.#ending === 'whole' && start + at + block.byteLength === this.#arrivedBytes)
      if (!isWhole) continue
      if (crc32(block) !== this.#checks.closed[index]) {
        throw new PartBroken('DAMAGED', `a stored part is damaged between bytes ${start + at} and ${start + at + block.byteLength}`)
      }
      this.#sound.add(index, soundState)
    }
  }

  #change(offset: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter = {
        offset,
        wake: () => {
          this.#waiters.delete(waiter)
          signal.removeEventListener('abort', leave)
          resolve()
        },
      }
      const leave = () => {
        this.#waiters.delete(waiter)
        reject(signal.reason)
      }
      this.#waiters.add(waiter)
      signal.addEventListener('abort', leave, { once: true })
    })
  }

  #tell(): void {
    const isOver = this.#ending !== 'open'
    for (const waiter of [...this.#waiters]) {
      if (isOver || waiter.offset < this.#arrivedBytes) waiter.wake()
    }
    const { state } = this
    for (const listener of [...this.#listeners]) listener(state)
  }
}

interface Waiter {
  readonly offset: number
  wake(): void
}

async function readAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  let filled = 0
  while (filled < bytes.byteLength) {
    const bytesRead = await readSome(file, bytes.subarray(filled), position + filled)
    if (bytesRead === 0) throw new PartBroken('DAMAGED', `a stored part ends at byte ${position + filled}, before its content does`)
    filled += bytesRead
  }
}

async function readSome(file: FileHandle, bytes: Buffer, position: number): Promise<number> {
  try {
    return (await file.read(bytes, 0, bytes.byteLength, position)).bytesRead
  } catch (error) {
    throw new PartBroken('UNREADABLE', `the disk cannot read a stored part at byte ${position}`, { cause: error })
  }
}
