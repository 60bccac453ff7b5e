import type { Leases, PartFetch, PartHandle, PartStore } from '../ports.js'
import { DiskBlobStore } from './disk-blob-store.js'
import { DiskPart } from './disk-part.js'
import { LocalLeases } from './local-leases.js'
import { OpenedBlob } from './opened-blob.js'
import { PartBroken } from './part-broken.js'
import { receivePart } from './receive-part.js'

export interface DiskPartStoreOptions {
  /** Created if it is missing. */
  readonly folder: string
  /** The limit for stored and arriving parts together. */
  readonly capBytes: number
  readonly maxPartBytes?: number
  readonly maxParts?: number
  /** How long a source may be silent while its part arrives. */
  readonly idleTimeoutMs?: number
  /** When the store is full, it evicts a complete part whose readers read nothing for this long. The part is fetched again if they continue. */
  readonly stalledAfterMs?: number
  /** Called for problems that callers need not handle: a part that could not be stored, a damaged file. */
  readonly onProblem?: (message: string, error: unknown) => void
}

const STALLED_AFTER_MS = 120_000
const NEVER = new AbortController().signal

export class DiskPartStore implements PartStore, AsyncDisposable {
  /** A fetch holds the lease of its part until the part is stored. Other processes may fetch the same part at the same time. */
  readonly #leases: Leases = new LocalLeases()
  readonly #held = new Set<DiskPart>()
  /** The parts that are being opened or that are arriving, with how they are stopped. */
  readonly #unfinished = new Map<AbortController, Promise<unknown>>()
  readonly #pressureListeners = new Set<() => void>()
  #isClosed = false

  private constructor(
    private readonly blobs: DiskBlobStore,
    private readonly options: DiskPartStoreOptions,
  ) {
    blobs.onPressure(() => this.#relieve())
  }

  /** Finds the parts that earlier processes stored, however they ended. */
  static async open(options: DiskPartStoreOptions): Promise<DiskPartStore> {
    const { folder, capBytes, maxParts = 50_000, onProblem = () => undefined } = options
    return new DiskPartStore(await DiskBlobStore.open({ folder, capBytes, maxBlobs: maxParts, onProblem }), options)
  }

  get sizeBytes(): number {
    return this.blobs.sizeBytes
  }

  async open(key: string, fetch: PartFetch, signal: AbortSignal = NEVER): Promise<PartHandle> {
    const opened = await this.#openBlob(key, fetch, signal)
    const part = new DiskPart(opened, {
      reopen: () => this.#openBlob(key, fetch, NEVER),
      removeDamaged: async (blob) => {
        this.#report('a stored part is damaged; it will be fetched again', key)
        await this.blobs.delete(key, blob).catch((error) => this.#report('a damaged part could not be removed', error))
      },
      onUnheld: () => this.#held.delete(part),
    })
    this.#held.add(part)
    return part
  }

  has(key: string): Promise<boolean> {
    return this.blobs.has(key)
  }

  async discard(key: string): Promise<void> {
    const lease = await this.#leases.acquire(key, NEVER)
    try {
      await this.blobs.delete(key)
    } finally {
      lease.release()
    }
  }

  onPressure(listener: () => void): void {
    this.#pressureListeners.add(listener)
  }

  /** Aborts the parts that are arriving, and waits until nothing is written any more. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const stop of this.#unfinished.keys()) stop.abort(closed())
    await Promise.all(this.#unfinished.values())
    await Promise.all([...this.#held].map((part) => part.closeBlob()))
    await this.blobs[Symbol.asyncDispose]()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #openBlob(key: string, fetch: PartFetch, signal: AbortSignal): Promise<OpenedBlob> {
    if (this.#isClosed) throw closed()
    const stop = new AbortController()
    const leave = () => stop.abort(signal.reason)
    signal.addEventListener('abort', leave, { once: true })
    if (signal.aborted) leave()
    const opening = this.#openOrFetch(key, fetch, stop)
    const finished = opening
      .then(({ over }) => over)
      .catch(() => null)
      .finally(() => this.#unfinished.delete(stop))
    this.#unfinished.set(stop, finished)
    try {
      return await opening
    } finally {
      signal.removeEventListener('abort', leave)
    }
  }

  async #openOrFetch(key: string, fetch: PartFetch, stop: AbortController): Promise<OpenedBlob> {
    const stored = await this.#openStored(key, stop)
    if (stored !== null) return stored
    const lease = await this.#leases.acquire(key, stop.signal)
    let opened: OpenedBlob | null = null
    try {
      const { maxPartBytes = 536_870_912, idleTimeoutMs = 30_000 } = this.options
      const options = { blobs: this.blobs, spool: this.blobs, maxPartBytes, idleTimeoutMs, onProblem: this.#report }
      opened = (lease.hadToWait ? await this.#openStored(key, stop) : null) ?? (await receivePart(key, fetch, { ...options, stop }))
      return opened
    } finally {
      void Promise.resolve(opened?.over).then(() => lease.release())
    }
  }

  async #openStored(key: string, stop: AbortController): Promise<OpenedBlob | null> {
    const blob = await this.blobs.open(key)
    // The caller left while the file was being opened. Nobody else would close it.
    if (stop.signal.aborted) await blob?.close()
    stop.signal.throwIfAborted()
    return blob && new OpenedBlob(blob, null, stop)
  }

  /** Ends the use of parts without a reader: idle ones, or else the one whose readers have stalled longest. False if there are none. */
  #relieve(): boolean {
    const before = this.#held.size
    for (const listener of this.#pressureListeners) listener()
    if (this.#held.size < before) return true
    const latestMs = performance.now() - (this.options.stalledAfterMs ?? STALLED_AFTER_MS)
    const stalled = [...this.#held].filter((part) => part.isEvictable && part.usedAtMs <= latestMs)
    const [longest] = stalled.sort((a, b) => a.usedAtMs - b.usedAtMs)
    longest?.evict()
    return longest !== undefined
  }

  readonly #report = (message: string, error: unknown): void => this.options.onProblem?.(message, error)
}

function closed(): PartBroken {
  return new PartBroken('CLOSED', 'the clip store is closed')
}
