import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { open, rename, rm, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { sqliteCodeOf } from './database.js'

export interface DiskReserveOptions {
  readonly dataDir: string
  readonly sizeBytes?: number
  /** How often a released reserve is created again, if there is room. */
  readonly intervalMs?: number
}

/** Enough for the log of the rows that a sweep deletes before it removes the first file. */
const SIZE_BYTES = 8 * 1024 * 1024
const BLOCK_BYTES = 1024 * 1024
const INTERVAL_MS = 60_000
/** The reserve is created only if this many times its size is free. */
const FREE_FACTOR = 4
/** https://www.sqlite.org/rescode.html#full */
const SQLITE_FULL = 13

/**
 * Reserved disk space, released when the index runs out of space. Deleting needs a write first: without a reserve, a full disk would allow
 * neither the deletion of a stream nor the expiry of a fragment.
 */
export class DiskReserve {
  readonly #file: string
  readonly #sizeBytes: number
  readonly #timer: NodeJS.Timeout
  #making: Promise<void> | null = null

  constructor({ dataDir, sizeBytes = SIZE_BYTES, intervalMs = INTERVAL_MS }: DiskReserveOptions) {
    this.#file = join(dataDir, 'reserve')
    this.#sizeBytes = sizeBytes
    this.#timer = setInterval(() => void this.make(), intervalMs).unref()
  }

  /** Runs `work`, which frees space. On a full disk, releases the reserve and runs it again, synchronously, so that no upload takes the space. */
  spend<Result>(work: () => Result): Result {
    try {
      return work()
    } catch (error) {
      if (!this.yieldTo(error)) throw error
      return work()
    }
  }

  /** Releases the reserve if the error is a full disk. Returns whether a retry makes sense. */
  yieldTo(error: unknown): boolean {
    if (sqliteCodeOf(error) !== SQLITE_FULL) return false
    try {
      rmSync(this.#file)
      return true
    } catch {
      // No reserve, or it cannot be removed. The caller reports the original error.
      return false
    }
  }

  /** Creates the reserve if it is missing and the disk has room. Never rejects: the server works without a reserve. */
  make(): Promise<void> {
    this.#making ??= this.#makeWhereMissing()
      .catch(() => undefined)
      .finally(() => {
        this.#making = null
      })
    return this.#making
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#making
  }

  async #makeWhereMissing(): Promise<void> {
    const draft = `${this.#file}.draft`
    const made = await stat(this.#file).catch(() => null)
    if (made?.size === this.#sizeBytes) return
    const { bavail, bsize } = await statfs(join(this.#file, '..'))
    if (bavail * bsize < this.#sizeBytes * FREE_FACTOR) return
    try {
      await writeNoise(draft, this.#sizeBytes)
      await rename(draft, this.#file)
    } catch (error) {
      await rm(draft, { force: true })
      throw error
    }
  }
}

/** Random bytes: a file system may store zeros without using space. */
async function writeNoise(path: string, sizeBytes: number): Promise<void> {
  await using file = await open(path, 'w')
  for (let leftBytes = sizeBytes; leftBytes > 0; leftBytes -= BLOCK_BYTES) {
    await file.write(randomBytes(Math.min(leftBytes, BLOCK_BYTES)))
  }
}
