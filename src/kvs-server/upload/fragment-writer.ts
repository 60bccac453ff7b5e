import type { ArchiveWriter } from '../archive/archive-writer.js'
import { writeBuffers as buffers } from '../archive/buffer-pool.js'
import type { WritableFile } from '../archive/file-system.js'

/** Bytes that may wait for the disk before reading stops. */
const MOST_WAITING_BYTES = 2_097_152

/** Writes the bytes of a Cluster to its file as they arrive. It holds a few buffers at most, for fragments of any size. */
export class FragmentWriter {
  readonly #opened: Promise<{ readonly file: WritableFile; readonly path: string }>
  #buffer: Buffer | null = null
  #bufferedBytes = 0
  #flushedBytes = 0
  #waitingBytes = 0
  /** The pending writes, in order. A failure stays, and the next call throws it. */
  #writes: Promise<void>
  #isClosed = false

  constructor(private readonly archive: Pick<ArchiveWriter, 'createFile' | 'discardFile'>) {
    this.#opened = archive.createFile()
    this.#writes = this.#opened.then(() => {})
    // The failure is thrown where the promise is awaited. Until then it must not count as unhandled.
    this.#writes.catch(() => {})
  }

  get sizeBytes(): number {
    return this.#flushedBytes + this.#bufferedBytes
  }

  /** Copies the pieces. Their memory may be reused afterwards. */
  write(pieces: readonly Uint8Array[]): void {
    for (const piece of pieces) for (let at = 0; at < piece.byteLength; ) at += this.#gather(piece, at)
  }

  /** Whether reading must stop until `ready` resolves. */
  get isBehind(): boolean {
    return this.#waitingBytes > MOST_WAITING_BYTES
  }

  ready(): Promise<void> {
    return this.#writes
  }

  /** Resolves with the path of the file once all bytes are on disk. */
  async finish(): Promise<string> {
    this.#flush()
    const { file, path } = await this.#opened
    await this.#writes
    await file.sync()
    await this.#close(file)
    return path
  }

  async discard(): Promise<void> {
    if (this.#buffer !== null) buffers.give(this.#buffer)
    this.#buffer = null
    const opened = await this.#opened.catch(() => null)
    if (opened === null) return
    await this.#writes.catch(() => {})
    await this.#close(opened.file)
    await this.archive.discardFile(opened.path)
  }

  /** Copies as many bytes as fit into the buffer. Returns their number. */
  #gather(piece: Uint8Array, at: number): number {
    this.#buffer ??= buffers.take()
    const taken = piece.subarray(at, at + this.#buffer.byteLength - this.#bufferedBytes)
    this.#buffer.set(taken, this.#bufferedBytes)
    this.#bufferedBytes += taken.byteLength
    this.#waitingBytes += taken.byteLength
    if (this.#bufferedBytes === this.#buffer.byteLength) this.#flush()
    return taken.byteLength
  }

  #flush(): void {
    const buffer = this.#buffer
    if (buffer === null) return
    const bytes = buffer.subarray(0, this.#bufferedBytes)
    const position = this.#flushedBytes
    this.#buffer = null
    this.#bufferedBytes = 0
    this.#flushedBytes += bytes.byteLength
    this.#writes = this.#writes.then(() => this.#write(bytes, position)).finally(() => buffers.give(buffer))
    this.#writes.catch(() => {})
  }

  async #write(bytes: Buffer, position: number): Promise<void> {
    const { file } = await this.#opened
    await file.write([bytes], position)
    this.#waitingBytes -= bytes.byteLength
  }

  async #close(file: WritableFile): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await file.close()
  }
}
