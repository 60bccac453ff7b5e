import { close, open, read } from 'node:fs'
import * as fs from 'node:fs/promises'
import { codeOf } from '../../lib/thrown.js'

/** What the archive asks of a disk: small enough for a test to stand in for one that is full or fails. */
export interface FileSystem {
  /** Creates a file for writing; it must not be there yet. */
  create(path: string): Promise<WritableFile>
  open(path: string): Promise<ReadableFile>
  rename(from: string, to: string): Promise<void>
  remove(path: string): Promise<void>
  makeDirectory(path: string): Promise<void>
  /** Removes a directory when it is empty, and leaves it when it is not. */
  removeEmptyDirectory(path: string): Promise<void>
  list(path: string): Promise<readonly string[]>
  /** Opens what is synced again and again: opening and closing it each time costs as much as the sync itself (measured). */
  openToSync(path: string, what: 'file' | 'directory'): Promise<SyncedFile>
}

export interface SyncedFile {
  /** Has on disk what was written to the file so far, by whomever; of a directory, its names (a rename is on disk only then, fsync(2)). */
  sync(): Promise<void>
  close(): Promise<void>
}

export interface WritableFile {
  write(parts: readonly Uint8Array[], position: number): Promise<void>
  sync(): Promise<void>
  close(): Promise<void>
}

export interface ReadableFile {
  /** Bytes read; fewer than asked for only at the end of the file. */
  read(into: Uint8Array, position: number): Promise<number>
  close(): Promise<void>
}

export const nodeFileSystem: FileSystem = {
  async create(path) {
    return writableFile(await fs.open(path, 'wx'))
  },
  open: openReadable,
  rename: fs.rename,
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
    const file = await fs.open(path, 'r')
    return {
      // fdatasync(2) may leave out a name that came into a directory of unchanged length.
      sync: () => (what === 'file' ? file.datasync() : file.sync()),
      close: () => file.close(),
    }
  },
}

function writableFile(file: fs.FileHandle): WritableFile {
  return {
    async write(parts, position) {
      const total = parts.reduce((sum, part) => sum + part.byteLength, 0)
      const { bytesWritten } = await file.writev(parts, position)
      // A short write without an error is what the last block of a disk gives; the next write would say why.
      if (bytesWritten !== total) await writeRest(file, Buffer.concat(parts).subarray(bytesWritten), position + bytesWritten)
    },
    sync: () => file.datasync(),
    close: () => file.close(),
  }
}

async function writeRest(file: fs.FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.byteLength; ) {
    const { bytesWritten } = await file.write(bytes, at, bytes.byteLength - at, position + at)
    if (bytesWritten === 0) throw new Error(`the disk took ${at} of ${bytes.byteLength} bytes`)
    at += bytesWritten
  }
}

/** By descriptor: a clip opens a file for each of its fragments, and a FileHandle costs more than the opening (measured). */
function openReadable(path: string): Promise<ReadableFile> {
  return new Promise((resolve, reject) => {
    open(path, 'r', (error, descriptor) => (error ? reject(error) : resolve(new DescriptorFile(descriptor))))
  })
}

class DescriptorFile implements ReadableFile {
  readonly #descriptor: number

  constructor(descriptor: number) {
    this.#descriptor = descriptor
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    let at = 0
    while (at < into.byteLength) {
      const bytesRead = await this.#readOnce(into.subarray(at), position + at)
      if (bytesRead === 0) break
      at += bytesRead
    }
    return at
  }

  close(): Promise<void> {
    return new Promise((resolve, reject) => {
      close(this.#descriptor, (error) => (error ? reject(error) : resolve()))
    })
  }

  #readOnce(into: Uint8Array, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      read(this.#descriptor, into, 0, into.byteLength, position, (error, bytesRead) => (error ? reject(error) : resolve(bytesRead)))
    })
  }
}
