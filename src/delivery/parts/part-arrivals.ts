import { setImmediate } from 'node:timers/promises'
import { orAborted } from '../../lib/clock.js'
import type { BlobStore, PartBody, PartFetch, Spool, SpooledBlob } from '../ports.js'
import type { HeldPart, OpenedPart } from './held-part.js'
import { PartBroken } from './part-broken.js'
import { pumpPart } from './part-pump.js'

export interface PartArrivalsOptions {
  readonly blobs: BlobStore
  readonly spool: Spool
  readonly maxPartBytes: number
  /** How long a source may be silent while its part arrives. */
  readonly idleTimeoutMs: number
  /** The part cannot be given to the next caller. */
  readonly onFailed: (part: HeldPart) => void
  /** Nothing is written any more. */
  readonly onOver: (part: HeldPart) => void
  readonly onProblem: (message: string, error: unknown) => void
}

/** Receives parts from their sources into the spool, and stores them. */
export class PartArrivals {
  readonly #options: PartArrivalsOptions
  readonly #beginnings = new Set<Promise<OpenedPart>>()
  readonly #pumps = new Map<HeldPart, Promise<void>>()

  constructor(options: PartArrivalsOptions) {
    this.#options = options
  }

  isInProgress(part: HeldPart): boolean {
    return this.#pumps.has(part)
  }

  /** Resolves when the parts that are arriving now, or one of them, are stored or have failed. */
  async whenOver(part?: HeldPart): Promise<void> {
    if (part !== undefined) {
      await part.opened.catch(() => null)
      await this.#pumps.get(part)
      return
    }
    await Promise.allSettled(this.#beginnings)
    await Promise.all(this.#pumps.values())
  }

  /** Resolves when the source has begun to send. */
  begin(part: HeldPart, fetch: PartFetch): Promise<OpenedPart> {
    const beginning = this.#begin(part, fetch).finally(() => this.#beginnings.delete(beginning))
    this.#beginnings.add(beginning)
    return beginning
  }

  async #begin(part: HeldPart, fetch: PartFetch): Promise<OpenedPart> {
    const creating = this.#create(part.key)
    try {
      // A source that is stuck may never answer, even if it is aborted.
      const [body, spooled] = await Promise.all([orAborted(fetch(part.signal), part.signal), creating])
      return await this.#receive(part, body, spooled)
    } catch (error) {
      // Frees the source: a body that nobody reads can be ended in no other way.
      part.abort(error)
      const spooled = await creating.catch(() => null)
      await spooled?.readable.close()
      await spooled?.discard()
      throw error
    }
  }

  /** The file is created while the source is called. A turn later, because the source takes longer. */
  async #create(key: string): Promise<SpooledBlob> {
    await setImmediate()
    return this.#options.spool.create(key)
  }

  async #receive(part: HeldPart, body: PartBody, spooled: SpooledBlob): Promise<OpenedPart> {
    const { maxPartBytes } = this.#options
    if (body.sizeBytes !== null && body.sizeBytes > maxPartBytes)
      throw new PartBroken('TOO_LARGE', `a part has at most ${maxPartBytes} bytes, not ${body.sizeBytes}`)
    await spooled.announce(body.sizeBytes)
    part.closeWith(() => spooled.readable.close())
    const pumping = this.#pump(part, body, spooled).finally(() => {
      this.#pumps.delete(part)
      this.#options.onOver(part)
    })
    this.#pumps.set(part, pumping)
    return { blob: spooled.readable, origin: 'fetched' }
  }

  async #pump(part: HeldPart, body: PartBody, spooled: SpooledBlob): Promise<void> {
    const { blobs, maxPartBytes: maxBytes, idleTimeoutMs, onFailed, onProblem } = this.#options
    const storing = blobs.put(part.key, spooled)
    storing.catch(() => null)
    try {
      await pumpPart(body, (chunks) => spooled.append(chunks), { maxBytes, idleTimeoutMs, signal: part.signal })
      spooled.end()
    } catch (error) {
      onFailed(part)
      spooled.fail(error)
      part.abort(error)
      await spooled.discard()
      return
    }
    try {
      // Readers have every byte by now, and do not wait for this.
      await storing
    } catch (error) {
      onProblem('a part could not be stored; it will be fetched again', error)
      onFailed(part)
      await spooled.discard()
    }
  }
}
