import { setImmediate } from 'node:timers/promises'
import { orAborted } from '../or-aborted.js'
import type { PartBody, PartFetch, PartHandle, PartStore } from '../ports.js'
import { DiskPartHandle, type DiskPartHandleOptions } from './disk-part-handle.js'
import { GrowingFile } from './growing-file.js'
import { HeldPart, type OpenedPart } from './held-part.js'
import { keepHeapSteady } from './keep-heap-steady.js'
import { PartBroken } from './part-broken.js'
import { isDiskFull, isNoSpace, PartFolder, type StoredPart, type TemporaryPart } from './part-folder.js'
import { fileBytes } from './part-footer.js'
import { PartIndex, type Reservation } from './part-index.js'
import { pumpPart } from './part-pump.js'
import { ReadBuffers } from './read-buffers.js'
import { StoreFull } from './store-full.js'

export interface DiskPartStoreOptions {
  /** Made when it is missing. */
  readonly folder: string
  /** The most that is kept, arriving parts included. */
  readonly capBytes: number
  readonly maxPartBytes?: number
  readonly maxParts?: number
  /** How long a source may be silent while its part arrives. */
  readonly idleTimeoutMs?: number
  readonly buffers?: ReadBuffers
  /** Hears of what callers need not know: a part that could not be kept, a damaged file. */
  readonly onProblem?: (message: string, error: unknown) => void
}

/** Parts as files in one folder. Several processes may share it. */
export class DiskPartStore implements PartStore, AsyncDisposable {
  readonly #folder: PartFolder
  readonly #index: PartIndex
  readonly #buffers: ReadBuffers
  readonly #limits: { readonly maxPartBytes: number; readonly idleTimeoutMs: number }
  readonly #onProblem: (message: string, error: unknown) => void
  /** The parts that somebody holds, or that are being brought to the disk. */
  readonly #held = new Map<string, HeldPart>()
  readonly #pumps = new Map<HeldPart, Promise<void>>()
  #lastKeeping: Promise<void> = Promise.resolve()
  #keepings = 0
  readonly #onSha256Lost = (error: unknown) => this.#onProblem('a SHA-256 could not be kept; it will be computed again', error)
  #isClosed = false

  private constructor(options: DiskPartStoreOptions) {
    this.#folder = new PartFolder(options.folder)
    this.#index = new PartIndex({
      capBytes: options.capBytes,
      maxParts: options.maxParts ?? 50_000,
      isHeld: (name) => this.#held.has(name),
      remove: (name) => this.#folder.remove(name),
    })
    this.#buffers = options.buffers ?? new ReadBuffers()
    this.#limits = { maxPartBytes: options.maxPartBytes ?? 536_870_912, idleTimeoutMs: options.idleTimeoutMs ?? 30_000 }
    this.#onProblem = options.onProblem ?? (() => undefined)
  }

  /** Finds again what an earlier process kept, however it ended. */
  static async open(options: DiskPartStoreOptions): Promise<DiskPartStore> {
    keepHeapSteady()
    const store = new DiskPartStore(options)
    for (const { name, sizeBytes } of await store.#folder.scan()) store.#index.use(name, sizeBytes)
    await store.#index.trim()
    return store
  }

  get sizeBytes(): number {
    return this.#index.sizeBytes
  }

  async open(key: string, fetch: PartFetch, signal?: AbortSignal): Promise<PartHandle> {
    return this.#openHandle(key, fetch, { signal, reopen: () => this.#openHandle(key, fetch, { signal: undefined, reopen: null }) })
  }

  /** Aborts what arrives, and waits until nothing is written any more. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const part of this.#held.values()) part.abort(closed())
    await Promise.all(this.#pumps.values())
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
      return new DiskPartHandle({ part, opened, origin, pool: this.#buffers, onDamaged: (damaged) => this.#discard(damaged), reopen })
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
    const stored = await this.#folder.openStored(part.name)
    if (stored !== null) return this.#openStored(part, stored)
    this.#index.forget(part.name)
    part.signal.throwIfAborted()
    const body = await fetch(part.signal)
    try {
      return await this.#openArriving(part, body)
    } catch (error) {
      // Frees the source: a body that was never begun cannot be ended in another way.
      part.abort(error)
      throw error
    }
  }

  async #openStored(part: HeldPart, stored: StoredPart): Promise<OpenedPart> {
    const { file, footer, sizeBytes } = stored
    part.closeWith(() => file.close())
    // All who asked have left while the file was being opened: nobody else would close it.
    if (part.signal.aborted) await part.close()
    part.signal.throwIfAborted()
    this.#index.use(part.name, sizeBytes)
    await this.#folder.touch(stored).catch((error) => this.#onProblem('cannot note when a part was used', error))
    const keepSha256 = (sha256: string) => this.#folder.keepSha256(file, footer.contentBytes, sha256).catch(this.#onSha256Lost)
    return { file: GrowingFile.stored(file, footer), origin: 'stored', sha256: footer.sha256, keepSha256 }
  }

  async #openArriving(part: HeldPart, body: PartBody): Promise<OpenedPart> {
    const { maxPartBytes } = this.#limits
    if ((body.sizeBytes ?? 0) > maxPartBytes)
      throw new PartBroken('TOO_LARGE', `a part has at most ${maxPartBytes} bytes, not ${body.sizeBytes}`)
    const reservation = this.#index.reserve()
    try {
      await this.#grow(reservation, fileBytes(body.sizeBytes ?? 0))
      const temporary = await this.#withRoom(() => this.#folder.createTemporary(part.name))
      part.closeWith(() => temporary.file.close())
      const file = GrowingFile.arriving(temporary.file, body.sizeBytes)
      this.#pump(part, { file, body, temporary, reservation })
      const keepSha256 = async (sha256: string) => {
        await this.#pumps.get(part)
        await this.#folder.keepSha256(temporary.file, file.arrivedBytes, sha256).catch(this.#onSha256Lost)
      }
      return { file, origin: 'fetched', sha256: null, keepSha256 }
    } catch (error) {
      reservation.release()
      throw error
    }
  }

  #pump(part: HeldPart, arrival: Arrival): void {
    const pumping = this.#receive(part, arrival).finally(() => {
      arrival.reservation.release()
      this.#pumps.delete(part)
      if (!part.isHeld) this.#onUnheld(part)
    })
    this.#pumps.set(part, pumping)
  }

  async #receive(part: HeldPart, { file, body, temporary, reservation }: Arrival): Promise<void> {
    const append = (chunks: readonly Uint8Array[]) =>
      this.#withRoom(async () => {
        await this.#grow(reservation, fileBytes(file.arrivedBytes + sizeOf(chunks)))
        await file.append(chunks)
      })
    try {
      await pumpPart(body, { append }, { ...this.#limits, maxBytes: this.#limits.maxPartBytes, signal: part.signal })
      file.end()
    } catch (error) {
      this.#forget(part)
      file.fail(error)
      part.abort(error)
      await this.#removeTemporary(temporary)
      return
    }
    await this.#keep(part, { file, body, temporary, reservation })
  }

  // Readers have every byte by now and do not wait for this. One part at a time: a sync occupies one of libuv's few threads for long.
  async #keep(part: HeldPart, { file, temporary, reservation }: Arrival): Promise<void> {
    const before = this.#lastKeeping
    const keeping = async () => {
      this.#keepings += 1
      await before
      try {
        await this.#withRoom(() => this.#folder.keep(part.name, temporary, file.arrivedBytes, file.blockChecks))
        reservation.release()
        this.#index.use(part.name, fileBytes(file.arrivedBytes))
        await this.#index.trim()
      } catch (error) {
        this.#onProblem('a part could not be kept; it will be fetched again', error)
        this.#forget(part)
        await this.#removeTemporary(temporary)
      } finally {
        this.#keepings -= 1
      }
    }
    this.#lastKeeping = keeping()
    await this.#lastKeeping
  }

  /** A part that is only being synced counts as in use, but will not for long: before there is no room, that is waited for. */
  async #grow(reservation: Reservation, bytes: number): Promise<void> {
    for (;;) {
      try {
        return await reservation.grow(bytes)
      } catch (error) {
        if (!(error instanceof StoreFull) || this.#keepings === 0) throw error
        await this.#lastKeeping
        await setImmediate()
      }
    }
  }

  /** When the disk is full although the cap is not reached, older parts make way. */
  async #withRoom<T>(write: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await write()
      } catch (error) {
        if (!isNoSpace(error)) throw error
        if (isDiskFull(error) && (await this.#index.evictOne())) continue
        throw new StoreFull('the disk of the clip store is full', { cause: error })
      }
    }
  }

  #onUnheld(part: HeldPart): void {
    if (part.file?.state.state !== 'complete') {
      this.#forget(part)
      part.abort(new DOMException('nobody wants the part any more', 'AbortError'))
    }
    if (this.#pumps.has(part)) return
    this.#drop(part).catch((error) => this.#onProblem('a part could not be closed', error))
  }

  async #removeTemporary(temporary: TemporaryPart): Promise<void> {
    await this.#folder.removeTemporary(temporary).catch((error) => this.#onProblem('a temporary file could not be removed', error))
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
    this.#index.discard(part.name).catch((error) => this.#onProblem('a damaged part could not be removed', error))
  }

  #forget(part: HeldPart): void {
    if (this.#held.get(part.name) === part) this.#held.delete(part.name)
  }
}

interface OpenOptions {
  readonly signal: AbortSignal | undefined
  readonly reopen: DiskPartHandleOptions['reopen']
}

interface Arrival {
  readonly file: GrowingFile
  readonly body: PartBody
  readonly temporary: TemporaryPart
  readonly reservation: Reservation
}

function originOfJoined({ file }: OpenedPart): PartHandle['origin'] {
  return file.state.state === 'complete' ? 'stored' : 'joined_in_flight'
}

function sizeOf(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((bytes, chunk) => bytes + chunk.byteLength, 0)
}

function closed(): PartBroken {
  return new PartBroken('CLOSED', 'the clip store is closed')
}
