import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { open, rename, rm, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'

export interface DiskReserveOptions {
  readonly dataDir: string
  readonly sizeBytes?: number
  /** How often a reserve that was given up is made again, where there is room. */
  readonly intervalMs?: number
}

/** Enough for the log of the rows that a sweep takes out before the first of their files is removed. */
const SIZE_BYTES = 8 * 1024 * 1024
const BLOCK_BYTES = 1024 * 1024
const INTERVAL_MS = 60_000
/** It is not made of the last room that there is. */
const ROOM_BEHIND = 4
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

  /** Does what will free room; on a full disk once more, with the reserve's. At once, so that no upload comes between. */
  spend<Result>(work: () => Result): Result {
    try {
      return work()
    } catch (error) {
      if (!this.yieldTo(error)) throw error
      return work()
    }
  }

  /** Gives the reserve up where a full disk is what went wrong; tells whether it may be tried again. */
  yieldTo(error: unknown): boolean {
    if (!isFull(error)) return false
    try {
      rmSync(this.#file)
      return true
    } catch {
      // There is none, or it cannot be had: the error at hand is the one to tell.
      return false
    }
  }

  /** Makes it where it is missing and there is room for several. Never rejects: without a reserve all goes on as it would. */
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
    if ((await sizeOf(this.#file)) === this.#sizeBytes) return
    const { bavail, bsize } = await statfs(join(this.#file, '..'))
    if (bavail * bsize < this.#sizeBytes * ROOM_BEHIND) return
    try {
      await writeNoise(draft, this.#sizeBytes)
      await rename(draft, this.#file)
    } catch (error) {
      await rm(draft, { force: true })
      throw error
    }
  }
}

/** Of zeros, or of nothing, a file system would make no room. */
async function writeNoise(path: string, sizeBytes: number): Promise<void> {
  await using file = await open(path, 'w')
  for (let leftBytes = sizeBytes; leftBytes > 0; leftBytes -= BLOCK_BYTES) {
    await file.write(randomBytes(Math.min(leftBytes, BLOCK_BYTES)))
  }
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  )
}

/** Read by its members: in a vm context such as jest's the error is of another realm. The low byte is the primary code. */
function isFull(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !('errcode' in error)) return false
  return typeof error.errcode === 'number' && (error.errcode & 0xff) === SQLITE_FULL
}
