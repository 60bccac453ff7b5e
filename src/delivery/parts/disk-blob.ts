import type { FileHandle } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { orAborted } from '../../lib/clock.js'
import type { PartState, ReadableBlob } from '../ports.js'
import type { ByteSpan } from '../serve/byte-range.js'
import { BlockChecks } from './block-checks.js'
import { PartBroken } from './part-broken.js'
import { BLOCK_BYTES, type PartFooter } from './part-footer.js'
import { readBlob } from './read-blob.js'
import { writeAll } from './write-all.js'

/** A file that can be read while it is being written. Each complete block is compared with its CRC-32 when it is read. */
export class DiskBlob implements ReadableBlob {
  readonly #checks: BlockChecks
  readonly #listeners = new Set<(state: PartState) => void>()
  /** Resolves at the next change of the state. */
  #changed = Promise.withResolvers<void>()
  #expectedBytes: number | null = null
  #arrivedBytes: number
  #ending: 'open' | 'whole' | { readonly error: unknown }

  /** `footer` is null for a blob that is arriving. */
  constructor(
    readonly file: FileHandle,
    footer: PartFooter | null,
    readonly close: () => Promise<void>,
  ) {
    this.#checks = new BlockChecks(footer?.blockChecks)
    this.#arrivedBytes = footer?.contentBytes ?? 0
    this.#ending = footer === null ? 'open' : 'whole'
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

  expect(sizeBytes: number | null): void {
    this.#expectedBytes = sizeBytes
  }

  /** Writes the next chunks. One call at a time. A call that failed may be repeated. */
  async append(chunks: readonly Uint8Array[]): Promise<void> {
    const writing = writeAll(this.file, chunks, this.#arrivedBytes)
    // Runs while another thread writes.
    const checked = this.#checks.check(chunks)
    this.#arrivedBytes += await writing
    this.#checks.accept(checked)
    this.#notify()
  }

  end(): void {
    this.#checks.close()
    this.#ending = 'whole'
    this.#notify()
  }

  /** The source failed. The bytes that arrived can still be read. */
  fail(error: unknown): void {
    this.#ending = { error }
    this.#notify()
  }

  async whenReadable(offset: number, signal: AbortSignal): Promise<number | null> {
    for (;;) {
      signal.throwIfAborted()
      if (offset < this.#arrivedBytes) return this.#arrivedBytes
      if (this.#ending === 'whole') return null
      if (this.#ending !== 'open') throw this.#ending.error
      await orAborted(this.#changed.promise, signal)
    }
  }

  read(span: ByteSpan, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    return readBlob(this, span, signal)
  }

  /**
   * Bytes from `at`, which must have arrived, to `end` or as many as fit: a view of `buffer`, whose length is a multiple of the block size.
   * @throws PartBroken DAMAGED, UNREADABLE
   */
  async readInto(buffer: Buffer, at: number, end: number): Promise<Buffer> {
    // A block that is not complete has no checksum yet, so its start need not be read again.
    const isChecked = Math.floor(at / BLOCK_BYTES) < this.#checks.closed.length
    const start = isChecked ? at - (at % BLOCK_BYTES) : at
    const stop = Math.min(start + buffer.byteLength, Math.ceil(end / BLOCK_BYTES) * BLOCK_BYTES, this.#arrivedBytes)
    const bytes = buffer.subarray(0, stop - start)
    await readAll(this.file, bytes, start)
    if (isChecked) this.#verify(bytes, start)
    return bytes.subarray(at - start, Math.min(end, stop) - start)
  }

  #verify(bytes: Buffer, start: number): void {
    for (let at = 0; at < bytes.byteLength; at += BLOCK_BYTES) {
      const block = bytes.subarray(at, at + BLOCK_BYTES)
      const isComplete =
        block.byteLength === BLOCK_BYTES || (this.#ending === 'whole' && start + at + block.byteLength === this.#arrivedBytes)
      if (!isComplete || crc32(block) === this.#checks.closed[(start + at) / BLOCK_BYTES]) continue
      throw new PartBroken('DAMAGED', `a stored part is damaged between bytes ${start + at} and ${start + at + block.byteLength}`)
    }
  }

  #notify(): void {
    const changed = this.#changed
    this.#changed = Promise.withResolvers()
    changed.resolve()
    const { state } = this
    for (const listener of [...this.#listeners]) listener(state)
  }
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
