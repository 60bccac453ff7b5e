import { createHash } from 'node:crypto'
import { orAborted } from '../../lib/clock.js'
import type { PartHandle, PartState } from '../ports.js'
import type { ByteSpan } from '../serve/byte-range.js'
import type { GrowingFile } from './growing-file.js'
import type { HeldPart, OpenedPart } from './held-part.js'
import { PartBroken } from './part-broken.js'
import type { PartReader } from './part-reader.js'

export interface DiskPartHandleOptions {
  readonly part: HeldPart
  readonly opened: OpenedPart
  readonly origin: PartHandle['origin']
  readonly reader: PartReader
  /** The file does not hold what was written into it. */
  readonly onDamaged: (part: HeldPart) => void
  /** Fetches the part again, for a file that turns out to be damaged; null for one that was fetched for that reason. */
  readonly reopen: (() => Promise<DiskPartHandle>) | null
}

const NEVER = new AbortController().signal

/**
 * One holder's hold on a part. Holders may keep it for long and have promised its bytes to others, so damage is mended behind their
 * backs: the part is fetched again, and when every block is what it was, reading goes on where it stopped.
 */
export class DiskPartHandle implements PartHandle {
  readonly origin: PartHandle['origin']
  readonly #options: DiskPartHandleOptions
  readonly #file: GrowingFile
  #isReleased = false
  #reads = 0
  #mended: Promise<DiskPartHandle> | null = null
  #mendedFrom: DiskPartHandle | null = null

  constructor(options: DiskPartHandleOptions) {
    this.origin = options.origin
    this.#options = options
    this.#file = options.opened.file
  }

  get state(): PartState {
    return this.#file.state
  }

  onProgress(listener: (state: PartState) => void): () => void {
    return this.#file.onProgress(listener)
  }

  async whole(signal: AbortSignal): Promise<number> {
    // The byte after the last is never there: this waits for the end.
    await this.#file.whenReadable(Number.MAX_SAFE_INTEGER, signal)
    return this.#file.arrivedBytes
  }

  async sha256(signal: AbortSignal): Promise<string> {
    await this.whole(signal)
    const { part, opened } = this.#options
    return orAborted(
      part.sha256(async () => opened.sha256 ?? this.#computeSha256()),
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
          for await (const chunk of source.#readFile({ start: at, end: span.end }, signal)) {
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
    this.#options.part.letGo()
    this.#releaseMended()
  }

  async *#readFile(span: ByteSpan, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const { part, reader, onDamaged } = this.#options
    part.hold()
    try {
      for await (const chunk of reader.read(this.#file, span, signal)) {
        part.use()
        yield chunk
        part.use()
      }
    } catch (error) {
      if (isDamage(error)) onDamaged(part)
      throw error
    } finally {
      part.letGo()
    }
  }

  /** A part that was fetched because of its damage is not fetched a second time; one that made room is opened or fetched whenever it is wanted. */
  #mayMend(source: DiskPartHandle, error: unknown): boolean {
    if (this.#options.reopen === null) return false
    return source.#options.part.isEvicted || (isDamage(error) && source === this)
  }

  /** Begins once, however many readers find that the source is of no use any more. */
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
      // The layout of a clip was made from the old bytes: others, even if right in themselves, would not fit it.
      if (!isSame(again.#file, this.#file))
        throw new PartBroken('DAMAGED', 'a stored part is damaged, and its source gives other bytes now')
      return again
    } catch (error) {
      again.release()
      throw error
    }
  }

  async #computeSha256(): Promise<string> {
    const hash = createHash('sha256')
    for await (const chunk of this.read({ start: 0, end: this.#file.arrivedBytes }, NEVER)) hash.update(chunk)
    const sha256 = hash.digest('hex')
    const { part, opened } = this.#options
    // Kept for the next process; nobody waits for it.
    void part.holding(() => opened.keepSha256(sha256))
    return sha256
  }
}

function isDamage(error: unknown): boolean {
  return error instanceof PartBroken && error.breakage === 'DAMAGED'
}

function isSame(a: GrowingFile, b: GrowingFile): boolean {
  return a.arrivedBytes === b.arrivedBytes && a.blockChecks.every((check, block) => check === b.blockChecks[block])
}
