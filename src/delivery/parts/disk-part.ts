import { createHash } from 'node:crypto'
import { orAborted } from '../../lib/clock.js'
import type { PartHandle, PartState, ReadableBlob } from '../ports.js'
import type { ByteSpan } from '../serve/byte-range.js'
import type { OpenedBlob } from './opened-blob.js'
import { PartBroken } from './part-broken.js'

export interface DiskPartOptions {
  /** Opens the part again, or fetches it. */
  readonly reopen: () => Promise<OpenedBlob>
  /** Removes a stored blob with a block that is not what was stored. */
  readonly removeDamaged: (blob: ReadableBlob) => Promise<void>
  readonly onUnheld: () => void
}

const NEVER = new AbortController().signal

/**
 * A part that somebody holds. Its holder has already promised its bytes to others. If the part is damaged or evicted, it is therefore
 * opened or fetched again, and if every block is what it was, reading goes on where it stopped.
 */
export class DiskPart implements PartHandle {
  readonly origin: PartHandle['origin']
  #opened: OpenedBlob
  /** The holder and the reads in progress. */
  #users = 1
  #usedAtMs = performance.now()
  #isReleased = false
  #isEvicted = false
  #wasDamaged = false
  #reopening: Promise<void> | null = null
  #sha256: Promise<string> | null = null

  constructor(
    opened: OpenedBlob,
    private readonly options: DiskPartOptions,
  ) {
    this.origin = opened.origin
    this.#opened = opened
  }

  get state(): PartState {
    return this.#opened.blob.state
  }

  /** When it was last read, by performance.now(). */
  get usedAtMs(): number {
    return this.#usedAtMs
  }

  get isEvictable(): boolean {
    return !this.#isEvicted && this.#opened.isOver && this.state.state === 'complete'
  }

  /** It is opened or fetched again when it is read. */
  evict(): void {
    this.#isEvicted = true
    void this.#opened.close()
  }

  closeBlob(): Promise<void> {
    return this.#opened.close()
  }

  onProgress(listener: (state: PartState) => void): () => void {
    return this.#opened.blob.onProgress(listener)
  }

  whole(signal: AbortSignal): Promise<number> {
    return whenWhole(this.#opened.blob, signal)
  }

  async sha256(signal: AbortSignal): Promise<string> {
    await this.whole(signal)
    this.#sha256 ??= this.#computeSha256().catch((error) => {
      this.#sha256 = null
      throw error
    })
    return orAborted(this.#sha256, signal)
  }

  async *read(span: ByteSpan, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    if (this.#isReleased) throw new Error('a part was read after its handle had been released')
    let { start } = span
    this.#users += 1
    try {
      for (;;) {
        const opened = this.#opened
        try {
          for await (const chunk of opened.blob.read({ start, end: span.end }, signal)) {
            this.#usedAtMs = performance.now()
            start += chunk.byteLength
            yield chunk
            this.#usedAtMs = performance.now()
          }
          return
        } catch (error) {
          signal.throwIfAborted()
          if (opened === this.#opened) await orAborted(this.#reopen(error), signal)
        }
      }
    } finally {
      this.#leave()
    }
  }

  release(): void {
    if (this.#isReleased) return
    this.#isReleased = true
    this.#leave()
  }

  #leave(): void {
    this.#users -= 1
    if (this.#users > 0) return
    this.options.onUnheld()
    void this.#opened.close()
  }

  /** Begins once for all readers. An evicted part is opened or fetched each time, a damaged part once. @throws `error` for others */
  async #reopen(error: unknown): Promise<void> {
    const isDamaged = error instanceof PartBroken && error.breakage === 'DAMAGED'
    if (this.#reopening === null && !this.#isEvicted && (!isDamaged || this.#wasDamaged)) throw error
    this.#reopening ??= this.#replaceBlob(isDamaged).finally(() => {
      this.#reopening = null
    })
    await this.#reopening
  }

  async #replaceBlob(isDamaged: boolean): Promise<void> {
    const before = this.#opened
    if (isDamaged) {
      this.#wasDamaged = true
      await this.options.removeDamaged(before.blob)
    }
    const opened = await this.options.reopen()
    try {
      await whenWhole(opened.blob, NEVER)
      // The layout of a clip was made from the old bytes. Other bytes would not fit it, even if they are valid.
      if (!isSame(opened.blob, before.blob))
        throw new PartBroken('DAMAGED', 'a stored part is damaged, and its source gives other bytes now')
    } catch (error) {
      void opened.close()
      throw error
    }
    this.#opened = opened
    this.#isEvicted = false
    void before.close()
    // All readers left while it was fetched.
    if (this.#users === 0) void opened.close()
  }

  async #computeSha256(): Promise<string> {
    const { blob } = this.#opened
    const hash = createHash('sha256')
    for await (const chunk of this.read({ start: 0, end: blob.arrivedBytes }, NEVER)) hash.update(chunk)
    return hash.digest('hex')
  }
}

async function whenWhole(blob: ReadableBlob, signal: AbortSignal): Promise<number> {
  // The byte after the last one never arrives, so this waits for the end.
  await blob.whenReadable(Number.MAX_SAFE_INTEGER, signal)
  return blob.arrivedBytes
}

function isSame(a: ReadableBlob, b: ReadableBlob): boolean {
  return a.arrivedBytes === b.arrivedBytes && a.blockChecks.every((check, block) => check === b.blockChecks[block])
}
