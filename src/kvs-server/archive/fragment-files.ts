import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { FileSystem, ReadableFile, SyncedFile, WritableFile } from './file-system.js'
import { OpenFileCache } from './open-file-cache.js'

const FILES_PER_DIRECTORY = 4096
/** Fewer than libuv has threads: uploads and reads have the others. */
const REMOVALS_AT_ONCE = 2

/**
 * The media of a fragment: the unchanged bytes of its Cluster, in a file of its own. Files are written under `incoming/` and move to
 * `fragments/<id / 4096>/<id>` when they are complete. Ids only grow: after a crash, files without a row have ids after the last one in the
 * index, so recovery reads the last directories only and never a million files. Media without a record moves to `aside/`.
 */
export class FragmentFiles {
  readonly #directories = new Set<number>()
  readonly #readers = new Map<number, number>()
  readonly #openFiles = new OpenFileCache((id) => this.fileSystem.open(this.pathOf(id)))
  /** The directory of the last published file. Ids only grow, so the next file is nearly always in the same directory. */
  #lastDirectory: { readonly directory: number; readonly file: SyncedFile } | null = null
  #incoming = 0

  readonly #fragments: string
  readonly #incomingFolder: string

  constructor(
    private readonly root: string,
    private readonly fileSystem: FileSystem,
  ) {
    this.#fragments = join(root, 'fragments')
    this.#incomingFolder = join(root, 'incoming')
  }

  /** Empties `incoming/`. Its files are incomplete and were never acknowledged. */
  async recover(): Promise<void> {
    await this.fileSystem.makeDirectory(this.#fragments)
    await this.fileSystem.makeDirectory(this.#incomingFolder)
    await this.#syncOnce(this.root)
    for (const name of await this.fileSystem.list(this.#incomingFolder)) {
      await this.fileSystem.remove(join(this.#incomingFolder, name))
    }
  }

  async listAfter(lastId: number): Promise<number[]> {
    const ids: number[] = []
    for (const directory of (await this.fileSystem.list(this.#fragments)).map(Number)) {
      if (!(directory >= directoryOf(lastId))) continue
      const names = await this.fileSystem.list(this.#directory(directory))
      ids.push(...names.map(Number).filter((id) => id > lastId))
    }
    return ids.sort((a, b) => a - b)
  }

  /** Moves media to `aside/`, where a person can inspect it. */
  async setAside(ids: readonly number[]): Promise<void> {
    if (ids.length === 0) return
    const folder = join(this.root, 'aside')
    await this.fileSystem.makeDirectory(folder)
    for (const id of ids) await this.fileSystem.rename(this.pathOf(id), join(folder, `${id}.${randomUUID()}`))
  }

  async create(): Promise<{ readonly file: WritableFile; readonly path: string }> {
    this.#incoming += 1
    const path = join(this.#incomingFolder, String(this.#incoming))
    return { file: await this.fileSystem.create(path), path }
  }

  /** Moves complete files to their places and syncs their names. Their bytes were synced before. */
  async publish(files: readonly { readonly id: number; readonly path: string }[]): Promise<void> {
    const directories = new Set(files.map(({ id }) => directoryOf(id)))
    for (const directory of directories) await this.#ensureDirectory(directory)
    for (const { id, path } of files) await this.fileSystem.rename(path, this.pathOf(id))
    for (const directory of directories) await this.#syncNames(directory)
  }

  open(id: number): Promise<ReadableFile> {
    return this.#openFiles.lend(id)
  }

  pathOf(id: number): string {
    return join(this.#directory(directoryOf(id)), String(id))
  }

  /** Prevents the removal of files until `release`. */
  retain(ids: readonly number[]): void {
    for (const id of ids) this.#readers.set(id, (this.#readers.get(id) ?? 0) + 1)
  }

  release(ids: readonly number[]): void {
    for (const id of ids) {
      const readers = (this.#readers.get(id) ?? 0) - 1
      if (readers > 0) this.#readers.set(id, readers)
      else this.#readers.delete(id)
    }
  }

  /** Removes files whose rows are deleted, and returns their ids. A file that is being read stays: call again later. */
  async remove(ids: readonly number[]): Promise<readonly number[]> {
    const free = ids.filter((id) => !this.#readers.has(id))
    await this.#openFiles.forget(free)
    const waiting = free.values()
    const removeWaiting = async () => {
      for (const id of waiting) await this.fileSystem.remove(this.pathOf(id))
    }
    await Promise.all(Array.from({ length: REMOVALS_AT_ONCE }, removeWaiting))
    // A reader may have opened a file meanwhile and keeps it. In the cache it would keep its space on the disk.
    await this.#openFiles.forget(free)
    return free
  }

  /** Removes the empty directories of `ids`, but never one that may still be written to. Returns the removed ones. */
  async removeEmptyDirectories(ids: readonly number[], lastId: number): Promise<readonly number[]> {
    const removed: number[] = []
    for (const directory of new Set(ids.map(directoryOf))) {
      if (directory >= directoryOf(lastId)) continue
      await this.fileSystem.removeEmptyDirectory(this.#directory(directory))
      if ((await this.fileSystem.list(this.#directory(directory))).length === 0) removed.push(directory)
    }
    return removed
  }

  removeIncoming(path: string): Promise<void> {
    return this.fileSystem.remove(path)
  }

  openPath(path: string): Promise<ReadableFile> {
    return this.fileSystem.open(path)
  }

  async close(): Promise<void> {
    await this.#leaveDirectory()
    await this.#openFiles.close()
  }

  async #ensureDirectory(directory: number): Promise<void> {
    if (this.#directories.has(directory)) return
    await this.fileSystem.makeDirectory(this.#directory(directory))
    await this.#syncOnce(this.#fragments)
    this.#directories.add(directory)
  }

  async #syncNames(directory: number): Promise<void> {
    if (this.#lastDirectory?.directory !== directory) {
      await this.#leaveDirectory()
      this.#lastDirectory = { directory, file: await this.fileSystem.openToSync(this.#directory(directory), 'directory') }
    }
    await this.#lastDirectory.file.sync()
  }

  async #leaveDirectory(): Promise<void> {
    const last = this.#lastDirectory
    this.#lastDirectory = null
    await last?.file.close()
  }

  async #syncOnce(path: string): Promise<void> {
    const directory = await this.fileSystem.openToSync(path, 'directory')
    await directory.sync().finally(() => directory.close())
  }

  #directory(directory: number): string {
    return join(this.#fragments, String(directory))
  }
}

export function directoryOf(id: number): number {
  return Math.floor(id / FILES_PER_DIRECTORY)
}
