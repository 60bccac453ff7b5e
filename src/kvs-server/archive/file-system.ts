import * as callbacks from 'node:fs'
import * as fs from 'node:fs/promises'
import { promisify } from 'node:util'
import { codeOf } from '../../lib/thrown.js'

/** The disk operations of the archive. The interface is small, so that a test can replace a disk by one that is full or fails. */
export interface FileSystem {
  /** Creates a file for writing. It must not exist yet. */
  create(path: string): Promise<WritableFile>
  open(path: string): Promise<ReadableFile>
  rename(from: string, to: string): Promise<void>
  remove(path: string): Promise<void>
  makeDirectory(path: string): Promise<void>
  removeEmptyDirectory(path: string): Promise<void>
  list(path: string): Promise<readonly string[]>
  /** Opens a file or directory for repeated syncs: opening it for each sync would cost as much as the sync itself. */
  openToSync(path: string, what: 'file' | 'directory'): Promise<SyncedFile>
}

export interface SyncedFile {
  /** Resolves when everything written to the file so far is on disk. For a directory, these are its names: a rename is on disk only then (fsync(2)). */
  sync(): Promise<void>
  close(): Promise<void>
}

export interface WritableFile {
  write(parts: readonly Uint8Array[], position: number): Promise<void>
  sync(): Promise<void>
  close(): Promise<void>
}

export interface ReadableFile {
  /** Returns the number of bytes, which is less than requested only at the end of the file. */
  read(into: Uint8Array, position: number): Promise<number>
  close(): Promise<void>
}

const openDescriptor = promisify(callbacks.open)
const closeDescriptor = promisify(callbacks.close)
const readDescriptor = promisify(callbacks.read)

export const nodeFileSystem: FileSystem = {
  async create(path) {
    const file = await fs.open(path, 'wx')
    return { ...toSyncedFile(file, () => file.datasync()), write: (parts, position) => writeAll(file, parts, position) }
  },
  async open(path) {
    return new DescriptorFile(await openDescriptor(path, 'r'))
  },
  rename: (from, to) => fs.rename(from, to),
  remove: (path) => fs.rm(path, { force: true }),
  async makeDirectory(path) {
    await fs.mkdir(path, { recursive: true })
  },
  async removeEmptyDirectory(path) {
    await fs.rmdir(path).catch((error: unknown) => {
      if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(codeOf(error))) throw error
    })
  },
  async list(path) {
    return fs.readdir(path).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') return []
      throw error
    })
  },
  async openToSync(path, what) {
    const file = await fs.open(path, 'r')
    // fdatasync(2) may leave out a name that came into a directory of unchanged length.
    return toSyncedFile(file, () => (what === 'file' ? file.datasync() : file.sync()))
  },
}

/** Leaves it to the system when bytes reach the disk: for footage that can be made again. */
export const unsyncedFileSystem: FileSystem = {
  ...nodeFileSystem,
  async create(path) {
    return { ...(await nodeFileSystem.create(path)), sync: async () => {} }
  },
  openToSync: async () => ({ sync: async () => {}, close: async () => {} }),
}

function toSyncedFile(file: fs.FileHandle, sync: () => Promise<void>): SyncedFile {
  return { sync, close: () => file.close() }
}

async function writeAll(file: fs.FileHandle, parts: readonly Uint8Array[], position: number): Promise<void> {
  const { bytesWritten } = await file.writev(parts, position)
  const total = parts.reduce((sum, part) => sum + part.byteLength, 0)
  if (bytesWritten === total) return
  // A full disk may accept a part of a write without an error. The next write reports the reason.
  if (bytesWritten === 0) throw new Error(`the disk took none of ${total} bytes`)
  await writeAll(file, [Buffer.concat(parts).subarray(bytesWritten)], position + bytesWritten)
}

/**
 * A file that is read by its descriptor. A clip opens a file for each fragment, and a FileHandle costs more than opening the file. The system
 * reuses the number of a closed descriptor for the next file. So `close` closes once, after all pending reads, and later reads are refused.
 */
class DescriptorFile implements ReadableFile {
  #reading = 0
  #onIdle: (() => void) | null = null
  #closed: Promise<void> | null = null

  constructor(private readonly descriptor: number) {}

  async read(into: Uint8Array, position: number): Promise<number> {
    if (this.#closed !== null) throw new Error('the file is closed')
    this.#reading += 1
    try {
      return await this.#readAll(into, position)
    } finally {
      this.#reading -= 1
      if (this.#reading === 0) this.#onIdle?.()
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#closeWhenIdle()
    return this.#closed
  }

  async #readAll(into: Uint8Array, position: number): Promise<number> {
    let at = 0
    while (at < into.byteLength) {
      const { bytesRead } = await readDescriptor(this.descriptor, into, at, into.byteLength - at, position + at)
      if (bytesRead === 0) break
      at += bytesRead
    }
    return at
  }

  async #closeWhenIdle(): Promise<void> {
    if (this.#reading > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve
      })
    }
    await closeDescriptor(this.descriptor)
  }
}
