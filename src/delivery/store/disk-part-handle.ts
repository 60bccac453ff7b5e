import { createHash } from 'node:crypto'
import { orAborted } from '../or-aborted.js'
import type { PartHandle, PartState } from '../ports.js'
import type { ByteSpan } from '../response/byte-range.js'
import type { GrowingFile } from './growing-file.js'
import type { HeldPart, OpenedPart } from './held-part.js'
import { PartBroken } from './part-broken.js'
import { readAhead } from './read-ahead.js'
import type { ReadBuffers } from './read-buffers.js'

export interface DiskPartHandleOptions {
  readonly part: HeldPart
  readonly opened: OpenedPart
  readonly origin: PartHandle['origin']
  readonly pool: ReadBuffers
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
  #mended: Promise<DiskPartHandle> | null = null

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
    try {
      if (this.#mended === null) {
        for await (const chunk of this.#readFile(span, signal)) {
          at += chunk.byteLength
          yield chunk
        }
        return
      }
    } catch (error) {
      if (!isDamage(error) || this.#options.reopen === null) throw error
    }
    const mended = await this.#mend(signal)
    yield* mended.read({ start: at, end: span.end }, signal)
  }

  release(): void {
    if (this.#isReleased) return
    this.#isReleased = true
    this.#options.part.letGo()
    this.#mended?.then(
      (mended) => mended.release(),
      () => null,
    )
  }

  async *#readFile(span: ByteSpan, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const { part, pool, onDamaged } = this.#options
    part.hold()
    try {
      yield* readAhead(this.#file, span, pool, signal)
    } catch (error) {
      if (isDamage(error)) onDamaged(part)
      throw error
    } finally {
      part.letGo()
    }
  }

  #mend(signal: AbortSignal): Promise<DiskPartHandle> {
    this.#mended ??= this.#fetchAgain().catch((error) => {
      this.#mended = null
      throw error
    })
    return orAborted(this.#mended, signal)
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
