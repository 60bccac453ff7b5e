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
  /** Removes a directory if it is empty. */
  removeEmptyDirectory(path: string): Promise<void>
  list(path: string): Promise<readonly string[]>
  /** Opens a file or directory for repeated syncs. Opening it for each sync costs as much as the sync itself (measured). */
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

/** Uses descriptors. A FileHandle costs more than opening the file (measured), and a clip opens a file for each fragment. */
const openDescriptor = promisify(callbacks.open)
const closeDescriptor = promisify(callbacks.close)
const readDescriptor = promisify(callbacks.read)
const writeDescriptor = promisify(callbacks.writev)
const syncDescriptor = promisify(callbacks.fsync)
const syncDescriptorData = promisify(callbacks.fdatasync)

export const nodeFileSystem: FileSystem = {
  async create(path) {
    return writableFile(new Descriptor(await openDescriptor(path, 'wx')))
  },
  async open(path) {
    return readableFile(new Descriptor(await openDescriptor(path, 'r')))
  },
  rename: promisify(callbacks.rename),
  remove: (path) => fs.rm(path, { force: true }),
  async makeDirectory(path) {
    await fs.mkdir(path, { recursive: true })
  },
  async removeEmptyDirectory(path) {
    await fs.rmdir(path).catch((error: unknown) => {
      if (codeOf(error) !== 'ENOTEMPTY' && codeOf(error) !== 'EEXIST' && codeOf(error) !== 'ENOENT') throw error
    })
  },
  async list(path) {
    return fs.readdir(path).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') return []
      throw error
    })
  },
  async openToSync(path, what) {
    // fdatasync(2) may leave out a name that came into a directory of unchanged length.
    return syncedFile(new Descriptor(await openDescriptor(path, 'r')), what === 'file' ? syncDescriptorData : syncDescriptor)
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

/**
 * The system reuses the number of a closed descriptor for the next file. So `close` closes once, after all pending calls (as a FileHandle
 * does), and later calls are refused.
 */
class Descriptor {
  #underWay = 0
  #onIdle: (() => void) | null = null
  #closed: Promise<void> | null = null

  constructor(private readonly number: number) {}

  async use<Result>(work: (number: number) => Promise<Result>): Promise<Result> {
    if (this.#closed !== null) throw new Error('the file is closed')
    this.#underWay += 1
    try {
      return await work(this.number)
    } finally {
      this.#underWay -= 1
      if (this.#underWay === 0) this.#onIdle?.()
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#closeWhenIdle()
    return this.#closed
  }

  async #closeWhenIdle(): Promise<void> {
    if (this.#underWay > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve
      })
    }
    await closeDescriptor(this.number)
  }
}

function syncedFile(descriptor: Descriptor, sync: (number: number) => Promise<void>): SyncedFile {
  return { sync: () => descriptor.use(sync), close: () => descriptor.close() }
}

function writableFile(descriptor: Descriptor): WritableFile {
  return {
    write: (parts, position) => descriptor.use((number) => writeAll(number, parts, position)),
    ...syncedFile(descriptor, syncDescriptorData),
  }
}

async function writeAll(number: number, parts: readonly Uint8Array[], position: number): Promise<void> {
  const total = parts.reduce((sum, part) => sum + part.byteLength, 0)
  const { bytesWritten } = await writeDescriptor(number, parts, position)
  // A full disk may accept a part of a write without an error. The next write reports the reason.
  if (bytesWritten !== total) await writeRest(number, Buffer.concat(parts).subarray(bytesWritten), position + bytesWritten)
}

async function writeRest(number: number, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.byteLength; ) {
    const { bytesWritten } = await writeDescriptor(number, [bytes.subarray(at)], position + at)
    if (bytesWritten === 0) throw new Error(`the disk took ${at} of ${bytes.byteLength} bytes`)
    at += bytesWritten
  }
}

function readableFile(descriptor: Descriptor): ReadableFile {
  return {
    read: (into, position) => descriptor.use((number) => readAll(number, into, position)),
    close: () => descriptor.close(),
  }
}

async function readAll(number: number, into: Uint8Array, position: number): Promise<number> {
  let at = 0
  while (at < into.byteLength) {
    const { bytesRead } = await readDescriptor(number, into, at, into.byteLength - at, position + at)
    if (bytesRead === 0) break
    at += bytesRead
  }
  return at
}
