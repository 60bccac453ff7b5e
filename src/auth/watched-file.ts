import { type FileHandle, open } from 'node:fs/promises'
import { InvalidFile } from './file-fields.js'

/** A revocation must hold within a second. Some file systems send no events, so the file is polled. */
const POLL_MS = 500
const MAX_FILE_BYTES = 16 * 1024 * 1024

export interface WatchedFileOptions {
  readonly path: string
  /** Takes over the contents, whole or not at all. @throws InvalidFile */
  readonly use: (text: string) => void
  /** Called after each read. The error is null, or says why the file cannot be used. */
  readonly onRead: (error: unknown) => void
}

/** A file that is read again when it changes. An invalid version is not used, so the last valid one stays in force. */
export class WatchedFile {
  readonly #options: WatchedFileOptions
  readonly #timer: NodeJS.Timeout
  #seen: string
  #isReading = false

  private constructor(options: WatchedFileOptions, seen: string) {
    this.#options = options
    this.#seen = seen
    this.#timer = setInterval(() => void this.#poll(), POLL_MS)
    this.#timer.unref()
  }

  /** @throws InvalidFile, or the error of the file system */
  static async open(options: WatchedFileOptions): Promise<WatchedFile> {
    const { text, version } = await readVersion(options.path, null)
    options.use(checked(text))
    options.onRead(null)
    return new WatchedFile(options, version)
  }

  close(): void {
    clearInterval(this.#timer)
  }

  async #poll(): Promise<void> {
    if (this.#isReading) return
    this.#isReading = true
    try {
      await this.#readIfChanged()
    } catch (error) {
      if (!(error instanceof InvalidFile)) {
        // Reported once, until the file can be read again.
        if (this.#seen === UNREADABLE) return
        this.#seen = UNREADABLE
      }
      this.#options.onRead(error)
    } finally {
      this.#isReading = false
    }
  }

  async #readIfChanged(): Promise<void> {
    const { text, version } = await readVersion(this.#options.path, this.#seen)
    if (version === this.#seen) return
    this.#seen = version
    this.#options.use(checked(text))
    this.#options.onRead(null)
  }
}

const UNREADABLE = 'unreadable'

/** The version comes before the text, so that a write during the read gives another version at the next poll. No text for the known version. */
async function readVersion(path: string, known: string | null): Promise<{ readonly text: string; readonly version: string }> {
  await using file = await open(path)
  const { dev, ino, size, mtimeNs, ctimeNs } = await file.stat({ bigint: true })
  const version = [dev, ino, size, mtimeNs, ctimeNs].join()
  // One byte over the limit shows that the file is too large.
  const text = version === known ? '' : await readUpTo(file, MAX_FILE_BYTES + 1)
  return { text, version }
}

async function readUpTo(file: FileHandle, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of file.createReadStream({ end: maxBytes - 1, autoClose: false })) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString('utf8')
}

function checked(text: string): string {
  if (text.length <= MAX_FILE_BYTES) return text
  throw new InvalidFile(`The file must have at most ${MAX_FILE_BYTES} bytes.`)
}
