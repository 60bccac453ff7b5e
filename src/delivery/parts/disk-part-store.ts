import { orAborted } from '../../lib/clock.js'
import type { Leases, PartFetch, PartHandle, PartStore, ReadableBlob } from '../ports.js'
import { DiskBlobStore } from './disk-blob-store.js'
import { DiskPartHandle, type DiskPartHandleOptions } from './disk-part-handle.js'
import { HeldPart, type OpenedPart } from './held-part.js'
import { LocalLeases } from './local-leases.js'
import { PartArrivals } from './part-arrivals.js'
import { PartBroken } from './part-broken.js'

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

/** Parts in a folder that several processes may share. Equal requests of this process share a fetch. */
export class DiskPartStore implements PartStore, AsyncDisposable {
  readonly #blobs: DiskBlobStore
  readonly #arrivals: PartArrivals
  /** Other processes may fetch the same part at the same time. */
  readonly #leases: Leases = new LocalLeases()
  readonly #onProblem: (message: string, error: unknown) => void
  /** The parts that somebody holds, or that are arriving. */
  readonly #held = new Map<string, HeldPart>()
  readonly #discards = new Map<string, Promise<void>>()
  readonly #stalledAfterMs: number
  readonly #pressureListeners = new Set<() => void>()
  #isClosed = false

  private constructor(blobs: DiskBlobStore, options: DiskPartStoreOptions) {
    this.#blobs = blobs
    this.#stalledAfterMs = options.stalledAfterMs ?? STALLED_AFTER_MS
    this.#onProblem = options.onProblem ?? (() => undefined)
    this.#arrivals = new PartArrivals({
      blobs,
      spool: blobs,
      maxPartBytes: options.maxPartBytes ?? 536_870_912,
      idleTimeoutMs: options.idleTimeoutMs ?? 30_000,
      onFailed: (part) => this.#forget(part),
      onOver: (part) => {
        if (!part.isHeld) this.#onUnheld(part)
      },
      onProblem: this.#onProblem,
    })
    blobs.onPressure(() => this.#relieve())
  }

  /** Finds the parts that earlier processes stored, however they ended. */
  static async open(options: DiskPartStoreOptions): Promise<DiskPartStore> {
    const { folder, capBytes, maxParts = 50_000, onProblem = () => undefined } = options
    return new DiskPartStore(await DiskBlobStore.open({ folder, capBytes, maxBlobs: maxParts, onProblem }), options)
  }

  get sizeBytes(): number {
    return this.#blobs.sizeBytes
  }

  async open(key: string, fetch: PartFetch, signal?: AbortSignal): Promise<PartHandle> {
    return this.#openHandle(key, fetch, { signal, reopen: () => this.#openHandle(key, fetch, { signal: undefined, reopen: null }) })
  }

  async has(key: string): Promise<boolean> {
    return this.#held.get(key)?.blob?.state.state === 'complete' || this.#blobs.has(key)
  }

  async discard(key: string): Promise<void> {
    const held = this.#held.get(key)
    if (held !== undefined) this.#forget(held)
    const arrived = held === undefined ? Promise.resolve() : this.#arrivals.whenOver(held)
    await this.#finishBeforeOpen(
      key,
      arrived.then(() => this.#blobs.delete(key)),
    )
  }

  onPressure(listener: () => void): void {
    this.#pressureListeners.add(listener)
  }

  /** Aborts the parts that are arriving, and waits until nothing is written any more. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const part of this.#held.values()) part.abort(closed())
    await this.#arrivals.whenOver()
    await Promise.all([...this.#held.values()].map((part) => this.#drop(part)))
    await this.#blobs[Symbol.asyncDispose]()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #openHandle(key: string, fetch: PartFetch, { signal, reopen }: OpenOptions): Promise<DiskPartHandle> {
    if (this.#isClosed) throw closed()
    const joined = this.#held.get(key)
    const part = joined ?? this.#begin(key, fetch)
    part.hold()
    try {
      const opened = await orAborted(part.opened, signal)
      const origin = joined === undefined ? opened.origin : originOfJoined(opened)
      return new DiskPartHandle({ part, opened, origin, onDamaged: (damaged) => this.#discardDamaged(damaged), reopen })
    } catch (error) {
      part.release()
      throw error
    }
  }

  #begin(key: string, fetch: PartFetch): HeldPart {
    const part = new HeldPart(key, {
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
    this.#held.set(key, part)
    return part
  }

  async #openOrFetch(part: HeldPart, fetch: PartFetch): Promise<OpenedPart> {
    await this.#discards.get(part.key)
    const blob = await this.#blobs.open(part.key)
    return blob === null ? this.#fetch(part, fetch) : this.#openStored(part, blob)
  }

  async #fetch(part: HeldPart, fetch: PartFetch): Promise<OpenedPart> {
    const lease = await this.#leases.acquire(part.key, part.signal)
    void this.#arrivals.whenOver(part).then(() => lease.release())
    const blob = lease.hadToWait ? await this.#blobs.open(part.key) : null
    if (blob !== null) return this.#openStored(part, blob)
    part.signal.throwIfAborted()
    return this.#arrivals.begin(part, fetch)
  }

  async #openStored(part: HeldPart, blob: ReadableBlob): Promise<OpenedPart> {
    part.closeWith(() => blob.close())
    // All callers left while the file was being opened. Nobody else would close it.
    if (part.signal.aborted) await part.close()
    part.signal.throwIfAborted()
    return { blob, origin: 'stored' }
  }

  #onUnheld(part: HeldPart): void {
    if (part.blob?.state.state !== 'complete') {
      this.#forget(part)
      part.abort(new DOMException('nobody holds the part any more', 'AbortError'))
    }
    if (!this.#arrivals.isInProgress(part)) void this.#drop(part)
  }

  async #drop(part: HeldPart): Promise<void> {
    this.#forget(part)
    await part.close()
  }

  #discardDamaged(part: HeldPart): void {
    this.#onProblem('a stored part is damaged; it will be fetched again', part.key)
    // If the part is not ours any more, a newer file is stored under its name.
    if (this.#held.get(part.key) !== part) return
    this.#forget(part)
    const deleting = part.opened.then(({ blob }) => this.#blobs.delete(part.key, blob))
    this.#finishBeforeOpen(part.key, deleting).catch((error) => this.#onProblem('a damaged part could not be removed', error))
  }

  /** The next request for the part waits for the deletion. */
  #finishBeforeOpen(key: string, deleting: Promise<void>): Promise<void> {
    const settled = deleting
      .catch(() => undefined)
      .finally(() => {
        if (this.#discards.get(key) === settled) this.#discards.delete(key)
      })
    this.#discards.set(key, settled)
    return deleting
  }

  /** Ends the use of parts that nobody reads: idle ones, or else the one whose readers have stalled longest. False if there are none. */
  #relieve(): boolean {
    const before = this.#held.size
    for (const listener of this.#pressureListeners) listener()
    if (this.#held.size < before) return true
    const now = performance.now()
    const isStalled = (part: HeldPart) =>
      part.blob?.state.state === 'complete' && !this.#arrivals.isInProgress(part) && now - part.usedAtMs >= this.#stalledAfterMs
    const [stalled] = [...this.#held.values()].filter(isStalled).sort((a, b) => a.usedAtMs - b.usedAtMs)
    if (stalled === undefined) return false
    this.#forget(stalled)
    void stalled.evict()
    return true
  }

  #forget(part: HeldPart): void {
    if (this.#held.get(part.key) === part) this.#held.delete(part.key)
  }
}

interface OpenOptions {
  readonly signal: AbortSignal | undefined
  readonly reopen: DiskPartHandleOptions['reopen']
}

function originOfJoined({ blob }: OpenedPart): PartHandle['origin'] {
  return blob.state.state === 'complete' ? 'stored' : 'joined_in_flight'
}

function closed(): PartBroken {
  return new PartBroken('CLOSED', 'the clip store is closed')
}
