import { setImmediate, setTimeout } from 'node:timers/promises'
import type { BlobStore, ReadableBlob, Spool, SpooledBlob } from '../ports.js'
import { DiskBlob } from './disk-blob.js'
import { isDiskFull, isNoSpace, isReadOnly } from './disk-errors.js'
import { StoreFull } from './part-broken.js'
import { type FolderContent, PartFolder } from './part-folder.js'
import { fileBytes } from './part-footer.js'
import { PartIndex, type Reservation } from './part-index.js'
import { SpooledFile } from './spooled-file.js'

export interface DiskBlobStoreOptions {
  /** Created if it is missing. */
  readonly folder: string
  /** The limit for stored and arriving blobs together. */
  readonly capBytes: number
  readonly maxBlobs: number
  /** Called for problems that callers need not handle. */
  readonly onProblem: (message: string, error: unknown) => void
}

const RENEWAL_MS = 20_000
/** Listing a large folder takes long. The pause between two listings is this many times as long. */
const REFRESH_PAUSES = 20
/** Other processes sync and store their blobs within a second or two. */
const MAX_LOOKS = 20
const LOOK_PAUSE_MS = 100

/** Blobs as files of one folder, with the spool in the same folder and under the same limit. Several processes may share the folder. */
export class DiskBlobStore implements BlobStore, Spool, AsyncDisposable {
  readonly #folder: PartFolder
  readonly #index: PartIndex
  readonly #onProblem: DiskBlobStoreOptions['onProblem']
  /** Blobs in use, by name. They are not evicted. */
  readonly #pins = new Map<string, Set<symbol>>()
  /** The bytes of a removed file are free once it is closed. */
  readonly #closings = new Set<Promise<void>>()
  /** The names of the blobs that are being stored. They still count as arriving, although a listing may already show their files. */
  readonly #storing = new Map<SpooledBlob, string>()
  readonly #renewal: NodeJS.Timeout
  #relieve: () => boolean = () => false
  #refreshing: Promise<void> | null = null
  #refreshFromMs = 0
  #lastStoring: Promise<void> = Promise.resolve()

  private constructor({ folder, capBytes, maxBlobs, onProblem }: DiskBlobStoreOptions) {
    this.#folder = new PartFolder(folder)
    this.#onProblem = onProblem
    this.#index = new PartIndex({
      capBytes,
      maxParts: maxBlobs,
      isHeld: (name) => this.#pins.has(name),
      relieve: () => this.#relieve(),
      remove: async (name, usedAtMs) => {
        await Promise.all(this.#closings)
        return this.#folder.removeUnused(name, usedAtMs)
      },
    })
    this.#renewal = setInterval(() => void this.#renew(), RENEWAL_MS).unref()
  }

  /** Finds the blobs that earlier processes stored, however they ended. */
  static async open(options: DiskBlobStoreOptions): Promise<DiskBlobStore> {
    const store = new DiskBlobStore(options)
    await store.#folder.create()
    await store.#index.refresh(() => store.#folder.scan())
    // A read-only disk still serves what it has.
    await store.#index.trim().catch((error) => options.onProblem('the clip store could not be brought under its limit', error))
    return store
  }

  get sizeBytes(): number {
    return this.#index.sizeBytes
  }

  onPressure(relieve: () => boolean): void {
    this.#relieve = relieve
  }

  has(key: string): Promise<boolean> {
    return this.#folder.has(this.#folder.nameOf(key))
  }

  async open(key: string): Promise<ReadableBlob | null> {
    const name = this.#folder.nameOf(key)
    const unpin = this.#pin(name)
    try {
      const blob = await this.#openStored(name, unpin)
      if (blob === null) unpin()
      return blob
    } catch (error) {
      unpin()
      throw toStoreFull(error)
    }
  }

  async create(key: string): Promise<SpooledBlob> {
    await this.#refresh()
    const name = this.#folder.nameOf(key)
    const temporary = await this.#withRoom(() => this.#folder.createTemporary(name))
    const unpin = this.#pin(name)
    return new SpooledFile({
      folder: this.#folder,
      temporary,
      reservation: this.#index.reserve(),
      grow: (reservation, bytes) => this.#grow(reservation, bytes),
      withRoom: (write) => this.#withRoom(write),
      close: () => this.#close(unpin, () => temporary.file.close()),
      onProblem: this.#onProblem,
    })
  }

  /** Turns the file of the spool into a stored blob. One at a time: a sync occupies one of libuv's few threads for long. */
  async put(key: string, blob: SpooledBlob): Promise<void> {
    if (!(blob instanceof SpooledFile)) throw new TypeError('a folder stores only the blobs of its own spool')
    await blob.whenWhole()
    const name = this.#folder.nameOf(key)
    const before = this.#lastStoring
    const storing = async () => {
      await before.catch(() => null)
      await this.#withRoom(() => blob.store(name))
      this.#index.use(name, fileBytes(blob.readable.arrivedBytes))
      await this.#index.trim()
    }
    this.#storing.set(blob, name)
    this.#lastStoring = storing().finally(() => this.#storing.delete(blob))
    await this.#lastStoring
  }

  async delete(key: string, blob?: ReadableBlob): Promise<void> {
    const name = this.#folder.nameOf(key)
    if (blob instanceof DiskBlob && !(await this.#folder.isFileOf(name, blob.file))) return
    this.#pins.delete(name)
    await this.#index.discard(name, async () => {
      await this.#folder.remove(name)
      this.#index.forget(name)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#renewal)
    await Promise.all(this.#closings)
  }

  async #openStored(name: string, unpin: () => void): Promise<ReadableBlob | null> {
    await this.#index.settled(name)
    const stored = await this.#folder.openStored(name)
    if (stored === null) {
      this.#index.forget(name)
      return null
    }
    const { file, footer, sizeBytes } = stored
    this.#index.use(name, sizeBytes)
    await this.#folder.touch(stored).catch((error) => this.#onProblem('the last use of a part could not be written down', error))
    return new DiskBlob(file, footer, () => this.#close(unpin, () => file.close()))
  }

  #pin(name: string): () => void {
    const pins = this.#pins.get(name) ?? new Set<symbol>()
    const pin = Symbol(name)
    this.#pins.set(name, pins.add(pin))
    return () => {
      if (!pins.delete(pin)) return
      this.#index.touch(name)
      if (pins.size === 0 && this.#pins.get(name) === pins) this.#pins.delete(name)
    }
  }

  #close(unpin: () => void, close: () => Promise<void>): Promise<void> {
    unpin()
    const closing = close()
      .catch((error) => this.#onProblem('a part could not be closed', error))
      .finally(() => this.#closings.delete(closing))
    this.#closings.add(closing)
    return closing
  }

  /**
   * Waits for room where it may soon be there: a blob that is being synced counts as in use, but not for long, and other processes finish
   * theirs. Each look at the folder shows what of theirs may be evicted by then.
   */
  async #grow(reservation: Reservation, bytes: number): Promise<void> {
    for (let looks = 0; ; looks += 1) {
      try {
        return await reservation.grow(bytes)
      } catch (error) {
        const isSyncing = this.#storing.size > 0
        const mayChange = isSyncing || looks === 0 || (this.#index.foreignBytes > 0 && looks < MAX_LOOKS)
        if (!(error instanceof StoreFull) || !mayChange) throw error
        if (isSyncing) await this.#lastStoring.catch(() => null)
        else if (looks > 0) await setTimeout(LOOK_PAUSE_MS)
        await this.#refresh({ isForced: true })
        await setImmediate()
      }
    }
  }

  /** Evicts blobs if the disk is full before the limit is reached. */
  async #withRoom<T>(write: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await write()
      } catch (error) {
        if (isDiskFull(error) && (await this.#index.evictOne())) continue
        throw toStoreFull(error)
      }
    }
  }

  /** Other processes store and remove blobs, too. */
  #refresh({ isForced = false }: { readonly isForced?: boolean } = {}): Promise<void> {
    if (this.#refreshing !== null) return this.#refreshing
    const beganAtMs = performance.now()
    if (beganAtMs < this.#refreshFromMs && !isForced) return Promise.resolve()
    this.#refreshing = this.#index
      .refresh(() => this.#scan())
      .catch((error) => this.#onProblem('the folder of the clip store could not be listed', error))
      .finally(() => {
        const nowMs = performance.now()
        this.#refreshFromMs = nowMs + REFRESH_PAUSES * (nowMs - beganAtMs)
        this.#refreshing = null
      })
    return this.#refreshing
  }

  async #scan(): Promise<FolderContent> {
    const found = await this.#folder.scan(this.#index.names)
    const storing = new Set(this.#storing.values())
    return { ...found, parts: found.parts.filter(({ name }) => !storing.has(name)) }
  }

  async #renew(): Promise<void> {
    await this.#folder.renewTemporaries()
    await this.#refresh()
  }
}

/** A full or read-only disk is reported as a store without room, because somebody can free or mend it. */
function toStoreFull(error: unknown): unknown {
  if (isNoSpace(error)) return new StoreFull('the disk of the clip store is full', { cause: error })
  if (isReadOnly(error)) return new StoreFull('the disk of the clip store is read-only', { cause: error })
  return error
}
