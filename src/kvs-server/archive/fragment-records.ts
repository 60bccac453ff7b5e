// The content of the index rows, in files beside the media, so that a lost or damaged index can be rebuilt. A record is one line: a CRC-32, a
// space, and JSON. `records/<directory>.<n>` holds the records of the fragments in `fragments/<directory>`.
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { MediaSession } from './archived-fragment.js'
import type { FileSystem, WritableFile } from './file-system.js'
import type { FragmentRow } from './fragment-index.js'
import type { StreamRecord } from './stream-record.js'

export const RECORDS_FOLDER = 'records'

/** A row of the index. Bytes are base64. */
export interface FragmentEntry extends Omit<FragmentRow, 'samples' | 'leadingTags' | 'trailingTags'> {
  readonly kind: 'fragment'
  /** The first file id of its commit. */
  readonly batch: number
  readonly samples: string
  readonly leadingTags: string
  readonly trailingTags: string
}

export interface SessionEntry {
  readonly kind: 'session'
  readonly id: number
  /** Base64. */
  readonly header: string
  readonly stream: StreamRecord
}

export function toFragmentEntry(row: FragmentRow, batch: number): FragmentEntry {
  const { samples, leadingTags, trailingTags } = row
  const bytes = { samples: toBase64(samples), leadingTags: toBase64(leadingTags), trailingTags: toBase64(trailingTags) }
  return { kind: 'fragment', batch, ...row, ...bytes }
}

export function toSessionEntry({ id, header }: MediaSession, stream: StreamRecord): SessionEntry {
  return { kind: 'session', id, header: toBase64(header), stream }
}

export function toLine(entry: object): string {
  const json = JSON.stringify(entry)
  return `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`
}

/** Null for a damaged line. The checksum proves that this program wrote the line, so its content needs no other check. */
export function parseLine<Entry>(line: string): Entry | null {
  const json = line.slice(9)
  if (line[8] !== ' ' || Number.parseInt(line.slice(0, 8), 16) !== crc32(json)) return null
  return JSON.parse(json)
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}

interface OpenRecords {
  readonly directory: number
  readonly file: WritableFile
  readonly sessions: Set<number>
  sizeBytes: number
}

/**
 * Appends records. `append` resolves when the operating system has them: a crash of the process loses none. It does not wait for the disk.
 * The index defines what is persisted, and a loss of power can lose only the last records.
 */
export class FragmentRecords {
  readonly #root: string
  #open: OpenRecords | null = null
  #syncing: Promise<void> | null = null

  constructor(
    root: string,
    private readonly fileSystem: FileSystem,
  ) {
    this.#root = join(root, RECORDS_FOLDER)
  }

  /** Each file of records contains the headers of its sessions, so it can be read without the others. */
  async append(
    directory: number,
    { fragments, sessions }: { readonly fragments: readonly FragmentEntry[]; readonly sessions: readonly SessionEntry[] },
  ): Promise<void> {
    const open = await this.#openFor(directory)
    const unknown = sessions.filter(({ id }) => !open.sessions.has(id))
    const bytes = Buffer.from([...unknown, ...fragments].map(toLine).join(''))
    await open.file.write([bytes], open.sizeBytes)
    open.sizeBytes += bytes.byteLength
    for (const { id } of unknown) open.sessions.add(id)
    this.#syncSoon(open)
  }

  /** Removes the records of a directory whose fragments are all removed. */
  async remove(directory: number): Promise<void> {
    if (this.#open?.directory === directory) return
    for (const name of await this.#namesOf(directory)) await this.fileSystem.remove(join(this.#root, name))
  }

  async close(): Promise<void> {
    const open = this.#open
    this.#open = null
    await this.#syncing
    if (open === null) return
    await open.file.sync().finally(() => open.file.close())
  }

  /** Each process writes new files: a file of another process may end in half a line. */
  async #openFor(directory: number): Promise<OpenRecords> {
    if (this.#open?.directory === directory) return this.#open
    await this.close()
    await this.fileSystem.makeDirectory(this.#root)
    const numbers = (await this.#namesOf(directory)).map((name) => Number(name.split('.')[1]))
    const file = await this.fileSystem.create(join(this.#root, `${directory}.${Math.max(0, ...numbers) + 1}`))
    this.#open = { directory, file, sessions: new Set(), sizeBytes: 0 }
    return this.#open
  }

  /** Runs one sync at a time, without waiting for it. A failure shows at the next write or at `close`. */
  #syncSoon({ file }: OpenRecords): void {
    this.#syncing ??= file
      .sync()
      .catch(() => {})
      .finally(() => {
        this.#syncing = null
      })
  }

  async #namesOf(directory: number): Promise<readonly string[]> {
    return (await this.fileSystem.list(this.#root)).filter((name) => name.startsWith(`${directory}.`))
  }
}
