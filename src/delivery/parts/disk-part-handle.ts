import { createHash } from 'node:crypto'
import { orAborted } from '../../lib/clock.js'
import type { PartHandle, PartState, ReadableBlob } from '../ports.js'
import type { ByteSpan } from '../serve/byte-range.js'
import type { HeldPart, OpenedPart } from './held-part.js'
import { PartBroken } from './part-broken.js'

export interface DiskPartHandleOptions {
  readonly part: HeldPart
  readonly opened: OpenedPart
  readonly origin: PartHandle['origin']
  /** A block of the part is not what was stored. */
  readonly onDamaged: (part: HeldPart) => void
  /** Opens the part again, which fetches it if it is damaged or evicted. Null for a part that was fetched for that reason. */
  readonly reopen: (() => Promise<DiskPartHandle>) | null
}

const NEVER = new AbortController().signal

/**
 * One holder's handle of a part. Holders have already promised its bytes to others. If the part is damaged or evicted, it is therefore
 * opened or fetched again, and if every block is what it was, reading goes on where it stopped.
 */
export class DiskPartHandle implements PartHandle {
  readonly origin: PartHandle['origin']
  readonly #options: DiskPartHandleOptions
  readonly #blob: ReadableBlob
  #isReleased = false
  #reads = 0
  #mended: Promise<DiskPartHandle> | null = null
  #mendedFrom: DiskPartHandle | null = null

  constructor(options: DiskPartHandleOptions) {
    this.origin = options.origin
    this.#options = options
    this.#blob = options.opened.blob
  }

  get state(): PartState {
    return this.#blob.state
  }

  onProgress(listener: (state: PartState) => void): () => void {
    return this.#blob.onProgress(listener)
  }

  async whole(signal: AbortSignal): Promise<number> {
    // The byte after the last one never arrives, so this waits for the end.
    await this.#blob.whenReadable(Number.MAX_SAFE_INTEGER, signal)
    return this.#blob.arrivedBytes
  }

  async sha256(signal: AbortSignal): Promise<string> {
    await this.whole(signal)
    const { part } = this.#options
    return orAborted(
      part.sha256(async () => this.#blob.sha256 ?? this.#computeSha256()),
      signal,
    )
  }

  async *read(span: ByteSpan, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    if (this.#isReleased) throw new Error('a part was read after its handle had been released')
    let at = span.start
    this.#reads += 1
    try {
      for (;;) {
        const source = this.#mended === null ? this : await orAborted(this.#mended, signal)
        try {
          for await (const chunk of source.#readBlob({ start: at, end: span.end }, signal)) {
            at += chunk.byteLength
            yield chunk
          }
          return
        } catch (error) {
          if (!this.#mayMend(source, error)) throw error
          this.#mend(source)
        }
      }
    } finally {
      this.#reads -= 1
      this.#releaseMended()
    }
  }

  release(): void {
    if (this.#isReleased) return
    this.#isReleased = true
    this.#options.part.release()
    this.#releaseMended()
  }

  async *#readBlob(span: ByteSpan, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const { part, onDamaged } = this.#options
    part.hold()
    try {
      for await (const chunk of this.#blob.read(span, signal)) {
        part.use()
        yield chunk
        part.use()
      }
    } catch (error) {
      if (isDamage(error)) onDamaged(part)
      throw error
    } finally {
      part.release()
    }
  }

  /** A damaged part is fetched once. An evicted part is opened or fetched each time it is read. */
  #mayMend(source: DiskPartHandle, error: unknown): boolean {
    if (this.#options.reopen === null) return false
    return source.#options.part.isEvicted || (isDamage(error) && source === this)
  }

  /** Begins once for all readers that find the source unusable. */
  #mend(source: DiskPartHandle): void {
    if (this.#mendedFrom === source) return
    this.#mendedFrom = source
    const mended = this.#fetchAgain().catch((error) => {
      this.#mendedFrom = null
      this.#mended = null
      throw error
    })
    mended.then(
      () => (source === this ? null : source.release()),
      () => null,
    )
    this.#mended = mended
  }

  #releaseMended(): void {
    if (!this.#isReleased || this.#reads > 0) return
    this.#mended?.then(
      (mended) => mended.release(),
      () => null,
    )
  }

  async #fetchAgain(): Promise<DiskPartHandle> {
    const { reopen } = this.#options
    if (reopen === null) throw new PartBroken('DAMAGED', 'a part is damaged although it was fetched again')
    const again = await reopen()
    try {
      await again.whole(NEVER)
      // The layout of a clip was made from the old bytes. Other bytes would not fit it, even if they are valid.
      if (!isSame(again.#blob, this.#blob))
        throw new PartBroken('DAMAGED', 'a stored part is damaged, and its source gives other bytes now')
      return again
    } catch (error) {
      again.release()
      throw error
    }
  }

  async #computeSha256(): Promise<string> {
    const hash = createHash('sha256')
    for await (const chunk of this.read({ start: 0, end: this.#blob.arrivedBytes }, NEVER)) hash.update(chunk)
    const sha256 = hash.digest('hex')
    // For the next process. Nobody waits for it.
    void this.#options.part.holding(() => this.#blob.keepSha256(sha256))
    return sha256
  }
}

function isDamage(error: unknown): boolean {
  return error instanceof PartBroken && error.breakage === 'DAMAGED'
}

function isSame(a: ReadableBlob, b: ReadableBlob): boolean {
  return a.arrivedBytes === b.arrivedBytes && a.blockChecks.every((check, block) => check === b.blockChecks[block])
}
