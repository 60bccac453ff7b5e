import { orAborted } from '../../lib/clock.js'
import type { PartFetch, PartHandle, PartStore } from '../ports.js'
import { DiskPartHandle, type DiskPartHandleOptions } from './disk-part-handle.js'
import { GrowingFile } from './growing-file.js'
import { HeldPart, type OpenedPart } from './held-part.js'
import { PartArrivals, toRefusal } from './part-arrivals.js'
import { PartBroken } from './part-broken.js'
import { PartFolder, type StoredPart } from './part-folder.js'
import { PartIndex } from './part-index.js'
import { PartReader } from './part-reader.js'

export interface DiskPartStoreOptions {
  /** Made when it is missing. */
  readonly folder: string
  /** The most that is kept, arriving parts included. */
  readonly capBytes: number
  readonly maxPartBytes?: number
  readonly maxParts?: number
  /** How long a source may be silent while its part arrives. */
  readonly idleTimeoutMs?: number
  /** A whole part whose readers have taken nothing for so long makes way when there is no other room; it is fetched again when they go on. */
  readonly stalledAfterMs?: number
  /** Hears of what callers need not know: a part that could not be kept, a damaged file. */
  readonly onProblem?: (message: string, error: unknown) => void
}

const STALLED_AFTER_MS = 120_000
const RENEWAL_MS = 20_000
/** Looking through a large folder takes a while: the time between is so many times as long. */
const REFRESH_PAUSES = 20

/** Parts as files in one folder. Several processes may share it. */
export class DiskPartStore implements PartStore, AsyncDisposable {
  readonly #folder: PartFolder
  readonly #index: PartIndex
  readonly #reader = new PartReader()
  readonly #arrivals: PartArrivals
  readonly #onProblem: (message: string, error: unknown) => void
  /** The parts that somebody holds, or that are being brought to the disk. */
  readonly #held = new Map<string, HeldPart>()
  readonly #stalledAfterMs: number
  readonly #pressureListeners = new Set<() => void>()
  /** Files of evicted parts: their bytes are free once they are closed. */
  readonly #closings = new Set<Promise<void>>()
  readonly #renewal: NodeJS.Timeout
  #refreshing: Promise<void> | null = null
  #refreshFromMs = 0
  #isClosed = false

  private constructor(options: DiskPartStoreOptions) {
    this.#folder = new PartFolder(options.folder)
    this.#index = new PartIndex({
      capBytes: options.capBytes,
      maxParts: options.maxParts ?? 50_000,
      isHeld: (name) => this.#held.has(name),
      relieve: () => this.#relieve(),
      remove: async (name, usedAtMs) => {
        await Promise.all(this.#closings)
        return this.#folder.removeUnused(name, usedAtMs)
      },
    })
    this.#stalledAfterMs = options.stalledAfterMs ?? STALLED_AFTER_MS
    this.#renewal = setInterval(() => void this.#renew(), RENEWAL_MS).unref()
    this.#onProblem = options.onProblem ?? (() => undefined)
    this.#arrivals = new PartArrivals({
      folder: this.#folder,
      index: this.#index,
      maxPartBytes: options.maxPartBytes ?? 536_870_912,
      idleTimeoutMs: options.idleTimeoutMs ?? 30_000,
      refresh: (how) => this.#refresh(how),
      onFailed: (part) => this.#forget(part),
      onOver: (part) => {
        if (!part.isHeld) this.#onUnheld(part)
      },
      onProblem: this.#onProblem,
    })
  }

  /** Finds again what an earlier process kept, however it ended. */
  static async open(options: DiskPartStoreOptions): Promise<DiskPartStore> {
    const store = new DiskPartStore(options)
    await store.#folder.create()
    await store.#index.refresh(() => store.#folder.scan())
    // A disk that is read only still serves what it has.
    await store.#index.trim().catch((error) => store.#onProblem('the clip store could not be brought under its limit', error))
    return store
  }

  get sizeBytes(): number {
    return this.#index.sizeBytes
  }

  async open(key: string, fetch: PartFetch, signal?: AbortSignal): Promise<PartHandle> {
    return this.#openHandle(key, fetch, { signal, reopen: () => this.#openHandle(key, fetch, { signal: undefined, reopen: null }) })
  }

  async has(key: string): Promise<boolean> {
    const name = this.#folder.nameOf(key)
    const held = this.#held.get(name)
    return held?.file?.state.state === 'complete' || this.#folder.has(name)
  }

  async discard(key: string): Promise<void> {
    const name = this.#folder.nameOf(key)
    const held = this.#held.get(name)
    if (held !== undefined) this.#forget(held)
    await this.#index.discard(name, async () => {
      if (held !== undefined) await this.#arrivals.whenOver(held)
      await this.#folder.remove(name)
      this.#index.forget(name)
    })
  }

  onPressure(listener: () => void): void {
    this.#pressureListeners.add(listener)
  }

  /** Aborts what arrives, and waits until nothing is written any more. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#renewal)
    for (const part of this.#held.values()) part.abort(closed())
    await this.#arrivals.whenOver()
    await Promise.all([...this.#held.values()].map((part) => this.#drop(part)))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #openHandle(key: string, fetch: PartFetch, { signal, reopen }: OpenOptions): Promise<DiskPartHandle> {
    if (this.#isClosed) throw closed()
    const name = this.#folder.nameOf(key)
    const joined = this.#held.get(name)
    const part = joined ?? this.#begin(name, fetch)
    part.hold()
    this.#index.touch(name)
    try {
      const opened = await orAborted(part.opened, signal)
      const origin = joined === undefined ? opened.origin : originOfJoined(opened)
      return new DiskPartHandle({ part, opened, origin, reader: this.#reader, onDamaged: (damaged) => this.#discard(damaged), reopen })
    } catch (error) {
      part.letGo()
      throw error
    }
  }

  #begin(name: string, fetch: PartFetch): HeldPart {
    const part = new HeldPart(name, {
      begin: async (held) => {
        try {
          return await this.#openOrFetch(held, fetch)
        } catch (error) {
          this.#forget(held)
          throw error
        }
      },
      onUnheld: (held) => this.#onUnheld(held),
    })
    this.#held.set(name, part)
    return part
  }

  async #openOrFetch(part: HeldPart, fetch: PartFetch): Promise<OpenedPart> {
    await this.#index.settled(part.name)
    const stored = await this.#folder.openStored(part.name).catch((error) => Promise.reject(toRefusal(error)))
    if (stored !== null) return this.#openStored(part, stored)
    this.#index.forget(part.name)
    part.signal.throwIfAborted()
    return this.#arrivals.begin(part, fetch)
  }

  async #openStored(part: HeldPart, stored: StoredPart): Promise<OpenedPart> {
    const { file, footer, sizeBytes, isWritable } = stored
    part.closeWith(() => file.close())
    // All who asked have left while the file was being opened: nobody else would close it.
    if (part.signal.aborted) await part.close()
    part.signal.throwIfAborted()
    this.#index.use(part.name, sizeBytes)
    await this.#folder.touch(stored).catch((error) => this.#onProblem('cannot note when a part was used', error))
    const onLost = (error: unknown) => this.#onProblem('a SHA-256 could not be kept; it will be computed again', error)
    const keepSha256 = async (sha256: string) => {
      if (isWritable) await this.#folder.keepSha256(file, footer.contentBytes, sha256).catch(onLost)
    }
    const remove = () => this.#folder.removeFile(part.name, file)
    return { file: GrowingFile.stored(file, footer), origin: 'stored', sha256: footer.sha256, remove, keepSha256 }
  }

  #onUnheld(part: HeldPart): void {
    if (part.file?.state.state !== 'complete') {
      this.#forget(part)
      part.abort(new DOMException('nobody wants the part any more', 'AbortError'))
    }
    if (this.#arrivals.isUnderWay(part)) return
    this.#close(this.#drop(part))
  }

  async #drop(part: HeldPart): Promise<void> {
    this.#index.touch(part.name)
    this.#forget(part)
    await part.close()
  }

  #discard(part: HeldPart): void {
    this.#onProblem('a stored part is damaged; it will be fetched again', part.name)
    // When it is not ours any more, the file under this name is a newer one.
    if (this.#held.get(part.name) !== part) return
    this.#forget(part)
    const removing = this.#index.discard(part.name, async () => (await part.opened).remove())
    removing.catch((error) => this.#onProblem('a damaged part could not be removed', error))
  }

  /** Ends the use of parts that nobody reads: those that are kept at hand, or else the one whose readers have stalled for longest. */
  #relieve(): boolean {
    const before = this.#held.size
    for (const listener of this.#pressureListeners) listener()
    if (this.#held.size < before) return true
    const now = performance.now()
    const isStalled = (part: HeldPart) =>
      part.file?.state.state === 'complete' && !this.#arrivals.isUnderWay(part) && now - part.usedAtMs >= this.#stalledAfterMs
    const [stalled] = [...this.#held.values()].filter(isStalled).sort((a, b) => a.usedAtMs - b.usedAtMs)
    if (stalled === undefined) return false
    this.#forget(stalled)
    this.#close(stalled.evict())
    return true
  }

  #close(closing: Promise<void>): void {
    const closed = closing
      .catch((error) => this.#onProblem('a part could not be closed', error))
      .finally(() => this.#closings.delete(closed))
    this.#closings.add(closed)
  }

  /** Other processes store and remove parts, too. */
  #refresh({ isForced = false }: { readonly isForced?: boolean } = {}): Promise<void> {
    if (this.#refreshing !== null) return this.#refreshing
    const beganAtMs = performance.now()
    if (beganAtMs < this.#refreshFromMs && !isForced) return Promise.resolve()
    this.#refreshing = this.#index
      .refresh(() => this.#folder.scan(this.#index.names))
      .catch((error) => this.#onProblem('the folder of the clip store could not be looked through', error))
      .finally(() => {
        const nowMs = performance.now()
        this.#refreshFromMs = nowMs + REFRESH_PAUSES * (nowMs - beganAtMs)
        this.#refreshing = null
      })
    return this.#refreshing
  }

  async #renew(): Promise<void> {
    await this.#folder.renewTemporaries()
    await this.#refresh()
  }

  #forget(part: HeldPart): void {
    if (this.#held.get(part.name) === part) this.#held.delete(part.name)
  }
}

interface OpenOptions {
  readonly signal: AbortSignal | undefined
  readonly reopen: DiskPartHandleOptions['reopen']
}

function originOfJoined({ file }: OpenedPart): PartHandle['origin'] {
  return file.state.state === 'complete' ? 'stored' : 'joined_in_flight'
}

function closed(): PartBroken {
  return new PartBroken('CLOSED', 'the clip store is closed')
}
