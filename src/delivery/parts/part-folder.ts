import { createHash } from 'node:crypto'
import { access, type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf } from '../../lib/thrown.js'
import { isReadOnly } from './disk-errors.js'
import { FOOTER_TAIL_BYTES, fileBytes, type PartFooter, parseContentBytes, parsePartFooter, writePartFooter } from './part-footer.js'
import { createTemporaryName, isAbandoned, isOwn, TEMPORARY_SUFFIX } from './temporary-name.js'
import { writeAll } from './write-all.js'

const PART_SUFFIX = '.part'
const STATS_AT_A_TIME = 64
/** Time stamps of files are coarser than those of our own. */
const SAME_TIME_MS = 1_000

export interface StoredPart {
  readonly file: FileHandle
  readonly footer: PartFooter
  readonly sizeBytes: number
  /** False on a read-only disk. */
  readonly isWritable: boolean
}

export interface TemporaryPart {
  readonly file: FileHandle
  readonly path: string
}

export interface FoundPart {
  readonly name: string
  readonly sizeBytes: number
  readonly usedAtMs: number
}

export interface FolderContent {
  /** The parts that were not known, least recently used first. */
  readonly parts: readonly FoundPart[]
  /** Bytes that other processes are writing. */
  readonly foreignBytes: number
  readonly names: ReadonlySet<string>
}

/**
 * The folder of the store: a file for each complete part, named by the hash of its key, and a temporary file for each part that is arriving.
 * Several processes may share it, even if they cannot see each other.
 */
export class PartFolder {
  readonly #temporaries = new Set<TemporaryPart>()

  constructor(private readonly path: string) {}

  /** A key may contain any characters. Some file systems ignore case. */
  nameOf(key: string): string {
    return createHash('sha256').update(key).digest('hex')
  }

  /** Looks at the folder, because another process may have stored the part. */
  async has(name: string): Promise<boolean> {
    return access(this.#pathOf(name)).then(
      () => true,
      () => false,
    )
  }

  /** Null if the part is not stored. Removes a file that is incomplete or has another format. Keeps a file that the disk cannot read. */
  async openStored(name: string): Promise<StoredPart | null> {
    const opened = await openIfThere(this.#pathOf(name))
    if (opened === null) return null
    const { file, isWritable } = opened
    try {
      const stored = await readFooter(file)
      if (stored !== null) return { ...stored, isWritable }
      if (await this.isFileOf(name, file)) await this.remove(name)
    } catch (error) {
      await file.close()
      throw error
    }
    await file.close()
    return null
  }

  /** Records the use of the part as its modification time, for later and other processes. */
  async touch({ file, isWritable }: StoredPart): Promise<void> {
    if (!isWritable) return
    const now = Date.now() / 1000
    await file.utimes(now, now)
  }

  async createTemporary(name: string): Promise<TemporaryPart> {
    const path = join(this.path, createTemporaryName(name))
    const temporary = { file: await this.#openNew(path), path }
    this.#temporaries.add(temporary)
    return temporary
  }

  /** Turns a temporary part into a stored one. Once this resolves, the part survives a power cut. Before, it does not exist. */
  async keep(name: string, temporary: TemporaryPart, contentBytes: number, blockChecks: readonly number[]): Promise<void> {
    const { file, path } = temporary
    await writeAll(file, [writePartFooter(contentBytes, blockChecks)], contentBytes)
    await file.sync()
    await rename(path, this.#pathOf(name))
    this.#temporaries.delete(temporary)
    await this.#syncFolder()
  }

  async remove(name: string): Promise<void> {
    await rm(this.#pathOf(name), { force: true })
  }

  /** Removes the part unless another process has used it since `usedAtMs`. Resolves with the time of that use, or with null. */
  async removeUnused(name: string, usedAtMs: number): Promise<number | null> {
    const info = await stat(this.#pathOf(name)).catch(() => null)
    if (info !== null && info.mtimeMs > usedAtMs + SAME_TIME_MS) return info.mtimeMs
    await this.remove(name)
    return null
  }

  /** Whether the part is this file. Another process may have replaced a damaged one. */
  async isFileOf(name: string, file: FileHandle): Promise<boolean> {
    const [own, there] = await Promise.all([file.stat(), stat(this.#pathOf(name)).catch(() => null)])
    return own.ino === there?.ino && own.dev === there.dev
  }

  async removeTemporary(temporary: TemporaryPart): Promise<void> {
    this.#temporaries.delete(temporary)
    await rm(temporary.path, { force: true })
  }

  /** Shows other processes that the files of this process are not abandoned. */
  async renewTemporaries(): Promise<void> {
    const now = Date.now() / 1000
    // A file that is stored or closed at this moment needs no renewal.
    await Promise.all([...this.#temporaries].map(({ file }) => file.utimes(now, now).catch(() => null)))
  }

  /**
   * Lists the folder, and removes files that dead processes left half-written. Known parts are only in `names` of the result, because their
   * files are not examined.
   */
  async scan(known: ReadonlySet<string> | ReadonlyMap<string, unknown> = new Set()): Promise<FolderContent> {
    const entries = await readdir(this.path).catch((error) => (codeOf(error) === 'ENOENT' ? [] : Promise.reject(error)))
    const names = new Set(entries.filter((entry) => entry.endsWith(PART_SUFFIX)).map((entry) => entry.slice(0, -PART_SUFFIX.length)))
    const unknown = entries.filter((entry) => !(entry.endsWith(PART_SUFFIX) && known.has(entry.slice(0, -PART_SUFFIX.length))))
    const parts: FoundPart[] = []
    let foreignBytes = 0
    for (let at = 0; at < unknown.length; at += STATS_AT_A_TIME) {
      for (const found of await Promise.all(unknown.slice(at, at + STATS_AT_A_TIME).map((entry) => this.#inspect(entry)))) {
        if (typeof found === 'number') foreignBytes += found
        else if (found !== null) parts.push(found)
      }
    }
    return { parts: parts.sort((a, b) => a.usedAtMs - b.usedAtMs), foreignBytes, names }
  }

  async create(): Promise<void> {
    await mkdir(this.path, { recursive: true, mode: 0o700 })
  }

  /** A part, or the number of bytes that another process has written of one. */
  async #inspect(entry: string): Promise<FoundPart | number | null> {
    const path = join(this.path, entry)
    const info = await stat(path).catch(() => null)
    if (info === null || !info.isFile()) return null
    if (entry.endsWith(TEMPORARY_SUFFIX)) {
      if (isOwn(entry)) return null
      if (!isAbandoned(entry, Date.now() - info.mtimeMs)) return info.size
      // On a read-only disk it stays.
      await rm(path, { force: true }).catch((error) => (isReadOnly(error) ? null : Promise.reject(error)))
      return null
    }
    if (!entry.endsWith(PART_SUFFIX)) return null
    return { name: entry.slice(0, -PART_SUFFIX.length), sizeBytes: info.size, usedAtMs: info.mtimeMs }
  }

  async #openNew(path: string): Promise<FileHandle> {
    try {
      return await open(path, 'wx+', 0o600)
    } catch (error) {
      // The folder was removed while the gateway ran.
      if (codeOf(error) !== 'ENOENT') throw error
      await this.create()
      return open(path, 'wx+', 0o600)
    }
  }

  #pathOf(name: string): string {
    return join(this.path, `${name}${PART_SUFFIX}`)
  }

  async #syncFolder(): Promise<void> {
    const folder = await open(this.path, 'r')
    try {
      await folder.sync()
    } finally {
      await folder.close()
    }
  }
}

/** Null if there is no such file. */
async function openIfThere(path: string): Promise<{ readonly file: FileHandle; readonly isWritable: boolean } | null> {
  try {
    return { file: await open(path, 'r+'), isWritable: true }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    if (!isReadOnly(error)) throw error
    return { file: await open(path, 'r'), isWritable: false }
  }
}

async function readFooter(file: FileHandle): Promise<Omit<StoredPart, 'isWritable'> | null> {
  const { size } = await file.stat()
  if (size < FOOTER_TAIL_BYTES) return null
  const contentBytes = parseContentBytes(await readAt(file, size - FOOTER_TAIL_BYTES, FOOTER_TAIL_BYTES), size)
  if (contentBytes === null) return null
  const footer = parsePartFooter(await readAt(file, contentBytes, fileBytes(contentBytes) - contentBytes), contentBytes)
  return footer === null ? null : { file, footer, sizeBytes: size }
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position)
  return buffer.subarray(0, bytesRead)
}
