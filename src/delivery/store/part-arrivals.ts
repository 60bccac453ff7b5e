import { setImmediate, setTimeout } from 'node:timers/promises'
import { orAborted } from '../../lib/clock.js'
import type { PartBody, PartFetch } from '../ports.js'
import { isDiskFull, isNoSpace, isReadOnly } from './disk-errors.js'
import { GrowingFile } from './growing-file.js'
import type { HeldPart, OpenedPart } from './held-part.js'
import { PartBroken } from './part-broken.js'
import type { PartFolder, TemporaryPart } from './part-folder.js'
import { fileBytes } from './part-footer.js'
import type { PartIndex, Reservation } from './part-index.js'
import { pumpPart } from './part-pump.js'
import { StoreFull } from './store-full.js'

export interface PartArrivalsOptions {
  readonly folder: PartFolder
  readonly index: PartIndex
  readonly maxPartBytes: number
  /** How long a source may be silent while its part arrives. */
  readonly idleTimeoutMs: number
  /** Finds out what other processes have stored or removed. */
  readonly refresh: (options?: { readonly isForced: boolean }) => Promise<void>
  /** The part is of no use to whoever asks next. */
  readonly onFailed: (part: HeldPart) => void
  /** Nothing is written any more. */
  readonly onOver: (part: HeldPart) => void
  readonly onProblem: (message: string, error: unknown) => void
}

/** Other processes' parts are synced and stored within a second or two. */
const MAX_LOOKS = 20
const LOOK_PAUSE_MS = 100

/** Brings parts from their sources to the disk: a temporary file that grows, and once it is whole and safe a stored one. */
export class PartArrivals {
  readonly #options: PartArrivalsOptions
  readonly #beginnings = new Set<Promise<OpenedPart>>()
  readonly #pumps = new Map<HeldPart, Promise<void>>()
  #lastKeeping: Promise<void> = Promise.resolve()
  #keepings = 0

  constructor(options: PartArrivalsOptions) {
    this.#options = options
  }

  isUnderWay(part: HeldPart): boolean {
    return this.#pumps.has(part)
  }

  /** Resolves when nothing of what had begun by now is on its way to the disk any more, or nothing of one part. */
  async whenOver(part?: HeldPart): Promise<void> {
    if (part !== undefined) {
      await part.opened.catch(() => null)
      await this.#pumps.get(part)
      return
    }
    await Promise.allSettled(this.#beginnings)
    await Promise.all(this.#pumps.values())
  }

  /**
   * Resolves when the source has begun to send. The file is made while the source is asked, so that what comes has where to go at once; a turn
   * later, for the source's answer is what takes long.
   */
  begin(part: HeldPart, fetch: PartFetch): Promise<OpenedPart> {
    const beginning = this.#begin(part, fetch).finally(() => this.#beginnings.delete(beginning))
    this.#beginnings.add(beginning)
    return beginning
  }

  async #begin(part: HeldPart, fetch: PartFetch): Promise<OpenedPart> {
    const making = this.#createTemporary(part.name)
    try {
      // A source that is stuck may never answer, and the file would stay for as long.
      const [body, temporary] = await Promise.all([orAborted(fetch(part.signal), part.signal), making])
      return await this.#receive(part, body, temporary)
    } catch (error) {
      // Frees the source: a body that was never begun cannot be ended in another way.
      part.abort(error)
      await this.#unmake(making)
      throw error
    }
  }

  async #createTemporary(name: string): Promise<TemporaryPart> {
    await setImmediate()
    await this.#options.refresh()
    return this.#withRoom(() => this.#options.folder.createTemporary(name))
  }

  async #receive(part: HeldPart, body: PartBody, temporary: TemporaryPart): Promise<OpenedPart> {
    const { folder, index, maxPartBytes, onProblem } = this.#options
    if ((body.sizeBytes ?? 0) > maxPartBytes)
      throw new PartBroken('TOO_LARGE', `a part has at most ${maxPartBytes} bytes, not ${body.sizeBytes}`)
    const reservation = index.reserve()
    try {
      await this.#grow(reservation, fileBytes(body.sizeBytes ?? 0))
      // Other processes count what is there: the whole file from now on, not what of it has come.
      if (body.sizeBytes !== null) await this.#withRoom(() => temporary.file.truncate(body.sizeBytes ?? 0))
    } catch (error) {
      reservation.release()
      throw error
    }
    part.closeWith(() => temporary.file.close())
    const file = GrowingFile.arriving(temporary.file, body.sizeBytes)
    this.#pump(part, { file, body, temporary, reservation })
    const keepSha256 = async (sha256: string) => {
      await this.#pumps.get(part)
      const onLost = (error: unknown) => onProblem('a SHA-256 could not be kept; it will be computed again', error)
      await folder.keepSha256(temporary.file, file.arrivedBytes, sha256).catch(onLost)
    }
    const remove = () => folder.removeFile(part.name, temporary.file)
    return { file, origin: 'fetched', sha256: null, remove, keepSha256 }
  }

  #pump(part: HeldPart, arrival: Arrival): void {
    const pumping = this.#write(part, arrival).finally(() => {
      arrival.reservation.release()
      this.#pumps.delete(part)
      this.#options.onOver(part)
    })
    this.#pumps.set(part, pumping)
  }

  async #write(part: HeldPart, { file, body, temporary, reservation }: Arrival): Promise<void> {
    const { maxPartBytes: maxBytes, idleTimeoutMs, onFailed } = this.#options
    const append = async (chunks: readonly Uint8Array[]) => {
      await this.#grow(reservation, fileBytes(file.arrivedBytes + sizeOf(chunks)))
      await this.#withRoom(() => file.append(chunks))
    }
    try {
      await pumpPart(body, append, { maxBytes, idleTimeoutMs, signal: part.signal })
      file.end()
    } catch (error) {
      onFailed(part)
      file.fail(error)
      part.abort(error)
      await this.#remove(temporary)
      return
    }
    await this.#keep(part, { file, body, temporary, reservation })
  }

  // Readers have every byte by now and do not wait for this. One part at a time: a sync occupies one of libuv's few threads for long.
  async #keep(part: HeldPart, { file, temporary, reservation }: Arrival): Promise<void> {
    const { folder, index, onFailed, onProblem } = this.#options
    const before = this.#lastKeeping
    const keeping = async () => {
      this.#keepings += 1
      await before
      try {
        await this.#withRoom(() => folder.keep(part.name, temporary, file.arrivedBytes, file.blockChecks))
        reservation.release()
        index.use(part.name, fileBytes(file.arrivedBytes))
        await index.trim()
      } catch (error) {
        onProblem('a part could not be kept; it will be fetched again', error)
        onFailed(part)
        await this.#remove(temporary)
      } finally {
        this.#keepings -= 1
      }
    }
    this.#lastKeeping = keeping()
    await this.#lastKeeping
  }

  /**
   * A part that is only being synced counts as in use, but will not for long: before there is no room, that is waited for. So it is with what
   * other processes write, for a moment: each look at the folder tells what of it may make way by now.
   */
  async #grow(reservation: Reservation, bytes: number): Promise<void> {
    for (let looks = 0; ; ) {
      try {
        return await reservation.grow(bytes)
      } catch (error) {
        const isSyncing = this.#keepings > 0
        const mayChange = isSyncing || looks === 0 || (this.#options.index.foreignBytes > 0 && looks < MAX_LOOKS)
        if (!(error instanceof StoreFull) || !mayChange) throw error
        if (isSyncing) await this.#lastKeeping
        else if (looks > 0) await setTimeout(LOOK_PAUSE_MS)
        await this.#options.refresh({ isForced: true })
        looks += 1
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
        if (isDiskFull(error) && (await this.#options.index.evictOne())) continue
        throw toRefusal(error)
      }
    }
  }

  async #unmake(making: Promise<TemporaryPart>): Promise<void> {
    const temporary = await making.catch(() => null)
    if (temporary === null) return
    await temporary.file.close().catch((error) => this.#options.onProblem('a temporary file could not be closed', error))
    await this.#remove(temporary)
  }

  async #remove(temporary: TemporaryPart): Promise<void> {
    const { folder, onProblem } = this.#options
    await folder.removeTemporary(temporary).catch((error) => onProblem('a temporary file could not be removed', error))
  }
}

interface Arrival {
  readonly file: GrowingFile
  readonly body: PartBody
  readonly temporary: TemporaryPart
  readonly reservation: Reservation
}

/** What passes when somebody frees or mends something is told as a store without room. */
export function toRefusal(error: unknown): unknown {
  if (isNoSpace(error)) return new StoreFull('the disk of the clip store is full', { cause: error })
  if (isReadOnly(error)) return new StoreFull('the disk of the clip store cannot be written', { cause: error })
  return error
}

function sizeOf(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((bytes, chunk) => bytes + chunk.byteLength, 0)
}
