import { LRUCache } from 'lru-cache'
import { codeOf } from '../../lib/thrown.js'
import type { ReadableFile } from './file-system.js'

/**
 * The most files kept open: enough for two clips of 200 fragments, and some more. A process may usually have several thousand files open
 * (Node raises its soft limit to the hard one). Where it may not, idle files are closed.
 */
const MOST_KEPT = 512

interface OpenFile {
  readonly opened: Promise<ReadableFile>
  lent: number
  isForgotten: boolean
}

/**
 * Keeps files open after a read and closes the least recently used first. A clip of 200 fragments is 200 files, which another range request
 * or another reader often reads again soon.
 */
export class OpenFileCache {
  readonly #files: LRUCache<number, OpenFile>
  readonly #closings = new Set<Promise<void>>()

  constructor(
    private readonly open: (id: number) => Promise<ReadableFile>,
    mostKept = MOST_KEPT,
  ) {
    this.#files = new LRUCache({ max: mostKept, dispose: (entry) => this.#forget(entry) })
  }

  /** Close it like any other file: closing returns it to the cache. */
  async lend(id: number): Promise<ReadableFile> {
    const entry = this.#files.get(id) ?? { opened: this.#openWithRoom(id), lent: 0, isForgotten: false }
    entry.lent += 1
    if (!this.#files.has(id)) this.#files.set(id, entry)
    try {
      return new LentFile(await entry.opened, () => this.#takeBack(entry))
    } catch (error) {
      if (this.#files.peek(id) === entry) this.#files.delete(id)
      throw error
    }
  }

  /** Closes these files. A lent file is closed when it is returned. Resolves when the others are closed. */
  async forget(ids: readonly number[]): Promise<void> {
    for (const id of ids) this.#files.delete(id)
    await Promise.all(this.#closings)
  }

  async close(): Promise<void> {
    await this.forget([...this.#files.keys()])
  }

  async #openWithRoom(id: number): Promise<ReadableFile> {
    try {
      return await this.open(id)
    } catch (error) {
      if (codeOf(error) !== 'EMFILE') throw error
      await this.forget([...this.#files.entries()].flatMap(([kept, { lent }]) => (lent === 0 ? [kept] : [])))
      return await this.open(id)
    }
  }

  #takeBack(entry: OpenFile): void {
    entry.lent -= 1
    if (entry.isForgotten && entry.lent === 0) this.#close(entry)
  }

  #forget(entry: OpenFile): void {
    entry.isForgotten = true
    if (entry.lent === 0) this.#close(entry)
  }

  /** A file that was only read loses nothing when closing it fails. */
  #close({ opened }: OpenFile): void {
    const closing = opened.then((file) => file.close()).catch(() => {})
    this.#closings.add(closing)
    void closing.then(() => this.#closings.delete(closing))
  }
}

class LentFile implements ReadableFile {
  constructor(
    private readonly file: ReadableFile,
    private giveBack: (() => void) | null,
  ) {}

  read(into: Uint8Array, position: number): Promise<number> {
    return this.file.read(into, position)
  }

  async close(): Promise<void> {
    this.giveBack?.()
    this.giveBack = null
  }
}
