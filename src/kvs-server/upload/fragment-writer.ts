import type { WritableFile } from '../archive/file-system.js'

/** One write for so many bytes, so that small chunks of a socket do not each go to the disk. */
const WRITE_BYTES = 1_048_576
/** What may wait for the disk before reading has to stop. */
const MOST_WAITING_BYTES = 2 * WRITE_BYTES

export interface FragmentWriterOptions {
  readonly createFile: () => Promise<{ readonly file: WritableFile; readonly path: string }>
  readonly discardFile: (path: string) => Promise<void>
}

/** Writes a Cluster's bytes to its file as they come. Holds a few chunks at most, whatever the fragment's size. */
export class FragmentWriter {
  readonly #opened: Promise<{ readonly file: WritableFile; readonly path: string }>
  readonly #discardFile: (path: string) => Promise<void>
  #parts: Uint8Array[] = []
  #partBytes = 0
  #writtenBytes = 0
  #waitingBytes = 0
  /** The writes under way, in order; a failure stays and is thrown by whoever asks next. */
  #writes: Promise<void>
  #isClosed = false

  constructor({ createFile, discardFile }: FragmentWriterOptions) {
    this.#discardFile = discardFile
    this.#opened = createFile()
    this.#writes = this.#opened.then(() => {})
    // Whoever waits for it sees the failure; until then it must not count as unhandled.
    this.#writes.catch(() => {})
  }

  /** How many bytes it was given. */
  get sizeBytes(): number {
    return this.#writtenBytes + this.#partBytes
  }

  write(pieces: readonly Uint8Array[]): void {
    for (const piece of pieces) {
      this.#parts.push(piece)
      this.#partBytes += piece.byteLength
      this.#waitingBytes += piece.byteLength
    }
    if (this.#partBytes >= WRITE_BYTES) this.#flush()
  }

  /** Resolves when more may be written. */
  async ready(): Promise<void> {
    if (this.#waitingBytes > MOST_WAITING_BYTES) await this.#writes
  }

  /** Has all that was written on disk when it resolves; answers with the file's path. */
  async finish(): Promise<string> {
    this.#flush()
    const { file, path } = await this.#opened
    await this.#writes
    await file.sync()
    await this.#close(file)
    return path
  }

  /** Leaves no file behind. */
  async discard(): Promise<void> {
    this.#parts = []
    const opened = await this.#opened.catch(() => null)
    if (opened === null) return
    await this.#writes.catch(() => {})
    await this.#close(opened.file)
    await this.#discardFile(opened.path)
  }

  #flush(): void {
    const parts = this.#parts
    const bytes = this.#partBytes
    const position = this.#writtenBytes
    if (bytes === 0) return
    this.#parts = []
    this.#partBytes = 0
    this.#writtenBytes += bytes
    this.#writes = this.#writes.then(async () => {
      const { file } = await this.#opened
      await file.write(parts, position)
      this.#waitingBytes -= bytes
    })
    this.#writes.catch(() => {})
  }

  async #close(file: WritableFile): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await file.close()
  }
}
