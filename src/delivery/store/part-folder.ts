import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { access, type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { hasErrorCode } from './has-error-code.js'
import {
  FOOTER_TAIL_BYTES,
  fileBytes,
  type PartFooter,
  parseContentBytes,
  parsePartFooter,
  sha256SlotOffset,
  writePartFooter,
  writeSha256Slot,
} from './part-footer.js'
import { writeAll } from './write-all.js'

const PART_SUFFIX = '.part'
const TEMPORARY_SUFFIX = '.tmp'
const STATS_AT_A_TIME = 64
const TEMPORARY_MAX_AGE_MS = 3_600_000

export interface StoredPart {
  readonly file: FileHandle
  readonly footer: PartFooter
  readonly sizeBytes: number
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

/** The store's folder: a file for each whole part, named by the hash of its key, and temporary ones for those that arrive. */
export class PartFolder {
  readonly #path: string
  #temporaryCount = 0

  constructor(path: string) {
    this.#path = path
  }

  /** Keys may hold anything, in upper and lower case; file names may not. */
  nameOf(key: string): string {
    return createHash('sha256').update(key).digest('hex')
  }

  /** Looks at names alone: another process may have stored the part. */
  async has(name: string): Promise<boolean> {
    return access(this.#pathOf(name)).then(
      () => true,
      () => false,
    )
  }

  /** Null when there is no such part. A file that is not whole or not ours is removed. */
  async openStored(name: string): Promise<StoredPart | null> {
    const file = await openIfThere(this.#pathOf(name))
    if (file === null) return null
    const stored = await readFooter(file).catch(() => null)
    if (stored !== null) return stored
    await file.close()
    await this.remove(name)
    return null
  }

  /** When the part was last used outlives the process as its modification time. */
  async touch({ file }: StoredPart): Promise<void> {
    const now = Date.now() / 1000
    await file.utimes(now, now)
  }

  async createTemporary(name: string): Promise<TemporaryPart> {
    this.#temporaryCount += 1
    const path = join(this.#path, `${name}.${process.pid}-${this.#temporaryCount}${TEMPORARY_SUFFIX}`)
    try {
      return { file: await open(path, 'wx+', 0o600), path }
    } catch (error) {
      // Somebody removed the folder while we ran.
      if (!hasErrorCode(error, 'ENOENT')) throw error
      await mkdir(this.#path, { recursive: true, mode: 0o700 })
      return { file: await open(path, 'wx+', 0o600), path }
    }
  }

  /** Makes a temporary part a stored one: when this resolves, it survives a power cut; before, it is not there at all. */
  async keep(name: string, { file, path }: TemporaryPart, contentBytes: number, blockChecks: readonly number[]): Promise<void> {
    await writeAll(file, [writePartFooter(contentBytes, blockChecks)], contentBytes)
    await file.sync()
    await rename(path, this.#pathOf(name))
    await this.#syncFolder()
  }

  async keepSha256(file: FileHandle, contentBytes: number, sha256: string): Promise<void> {
    await writeAll(file, [writeSha256Slot(sha256)], sha256SlotOffset(contentBytes))
  }

  async remove(name: string): Promise<void> {
    await rm(this.#pathOf(name), { force: true })
  }

  async removeTemporary({ path }: TemporaryPart): Promise<void> {
    await rm(path, { force: true })
  }

  /** What is there, least recently used first. Removes what a killed process left half-written. Looks at names and sizes only. */
  async scan(): Promise<FoundPart[]> {
    await mkdir(this.#path, { recursive: true, mode: 0o700 })
    const entries = await readdir(this.#path)
    const found: FoundPart[] = []
    for (let at = 0; at < entries.length; at += STATS_AT_A_TIME) {
      const batch = await Promise.all(entries.slice(at, at + STATS_AT_A_TIME).map((entry) => this.#inspect(entry)))
      for (const part of batch) if (part !== null) found.push(part)
    }
    return found.sort((a, b) => a.usedAtMs - b.usedAtMs)
  }

  async #inspect(entry: string): Promise<FoundPart | null> {
    const path = join(this.#path, entry)
    const info = await stat(path).catch(() => null)
    if (info === null || !info.isFile()) return null
    if (entry.endsWith(TEMPORARY_SUFFIX)) {
      if (isLeftBehind(entry, Date.now() - info.mtimeMs)) await rm(path, { force: true })
      return null
    }
    if (!entry.endsWith(PART_SUFFIX)) return null
    return { name: entry.slice(0, -PART_SUFFIX.length), sizeBytes: info.size, usedAtMs: info.mtimeMs }
  }

  #pathOf(name: string): string {
    return join(this.#path, `${name}${PART_SUFFIX}`)
  }

  async #syncFolder(): Promise<void> {
    const folder = await open(this.#path, 'r')
    try {
      await folder.sync()
    } finally {
      await folder.close()
    }
  }
}

/** Whether an error says that no more can be written: to the disk, within the quota, or to a file of this size. */
export function isNoSpace(error: unknown): boolean {
  return isDiskFull(error) || hasErrorCode(error, 'EFBIG')
}

/** Whether removing other files would help. */
export function isDiskFull(error: unknown): boolean {
  return hasErrorCode(error, 'ENOSPC') || hasErrorCode(error, 'EDQUOT')
}

/** Most often there is none, and whoever asked waits: a look in the folder takes microseconds, opening by another thread a third of a millisecond. */
async function openIfThere(path: string): Promise<FileHandle | null> {
  if (!existsSync(path)) return null
  try {
    return await open(path, 'r+')
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return null
    throw error
  }
}

async function readFooter(file: FileHandle): Promise<StoredPart | null> {
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

// Several processes may share the folder: a temporary file whose writer lives is let be, unless nothing was written to it for an hour
// (its process id then belongs to somebody else by now). Our own process id can only be a former life's: we have just started.
function isLeftBehind(entry: string, ageMs: number): boolean {
  const pid = Number(/\.(\d+)-\d+\.tmp$/.exec(entry)?.[1] ?? 0)
  return pid === 0 || pid === process.pid || ageMs > TEMPORARY_MAX_AGE_MS || !isAlive(pid)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return hasErrorCode(error, 'EPERM')
  }
}
