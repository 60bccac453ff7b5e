import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { indexDamaged } from './archive-error.js'
import { parseLine, toLine } from './fragment-records.js'
import type { StreamRecord } from './stream-record.js'
import type { StorageTier } from './stream-table.js'

const STREAMS_FILE = 'streams'
const DELAY_MS = 500

export interface StreamEntry {
  readonly stream: StreamRecord
  readonly storageTier: StorageTier
  readonly tags: Readonly<Record<string, string>>
}

export interface StreamsEntry {
  /** The highest stream id when the file was written. A stream with a lower id that is not listed was deleted. */
  readonly lastId: number
  readonly streams: readonly StreamEntry[]
}

/** A file with all streams and their tags, rewritten shortly after each change. */
export class StreamFile {
  #timer: NodeJS.Timeout | null = null
  #writing: Promise<void> = Promise.resolve()

  constructor(
    private readonly options: { readonly dataDir: string; readonly read: () => StreamsEntry; readonly onFailed: (error: unknown) => void },
  ) {}

  /** The file is written after the index, so a stream that is in the file only was lost from the index. @throws ArchiveError */
  async check(lastIdOfIndex: number): Promise<void> {
    const listed = await readStreamFile(this.options.dataDir)
    if (listed === null || listed.lastId <= lastIdOfIndex) return
    throw indexDamaged(this.options.dataDir, 'it lacks streams that were created')
  }

  readonly changed = (): void => {
    this.#timer ??= setTimeout(() => this.#writeSoon(), DELAY_MS).unref()
  }

  async close(): Promise<void> {
    if (this.#timer !== null) this.#writeSoon()
    await this.#writing
  }

  #writeSoon(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#writing = this.#writing.then(() => this.#write())
  }

  /** Never rejects: a full disk must not prevent the deletion of a stream. The next change rewrites the file. */
  async #write(): Promise<void> {
    const { dataDir, read, onFailed } = this.options
    const path = join(dataDir, STREAMS_FILE)
    try {
      await writeFile(`${path}.new`, toLine(read()), { flush: true })
      await rename(`${path}.new`, path)
    } catch (error) {
      onFailed(error)
    }
  }
}

/** Null when the file is missing or damaged. */
export async function readStreamFile(dataDir: string): Promise<StreamsEntry | null> {
  const line = await readFile(join(dataDir, STREAMS_FILE), 'utf8').catch(() => '')
  return parseLine<StreamsEntry>(line.trimEnd())
}
