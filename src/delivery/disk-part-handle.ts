import { createHash } from 'node:crypto'
import type { ByteSpan } from './byte-range.js'
import type { GrowingFile } from './growing-file.js'
import type { HeldPart, OpenedPart } from './held-part.js'
import { orAborted } from './or-aborted.js'
import { PartBroken } from './part-broken.js'
import type { PartHandle, PartState } from './ports.js'
import { readAhead } from './read-ahead.js'
import type { ReadBuffers } from './read-buffers.js'

export interface DiskPartHandleOptions {
  readonly part: HeldPart
  readonly opened: OpenedPart
  readonly origin: PartHandle['origin']
  readonly pool: ReadBuffers
  /** The file does not hold what was written into it. */
  readonly onDamaged: (part: HeldPart) => void
}

const NEVER = new AbortController().signal

/** One holder's hold on a part. */
export class DiskPartHandle implements PartHandle {
  readonly origin: PartHandle['origin']
  readonly #options: DiskPartHandleOptions
  readonly #file: GrowingFile
  #isReleased = false

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
    const { part, pool, onDamaged } = this.#options
    if (this.#isReleased) throw new Error('a part was read after its handle had been released')
    part.hold()
    try {
      yield* readAhead(this.#file, span, pool, signal)
    } catch (error) {
      if (error instanceof PartBroken && error.breakage === 'DAMAGED') onDamaged(part)
      throw error
    } finally {
      part.letGo()
    }
  }

  release(): void {
    if (this.#isReleased) return
    this.#isReleased = true
    this.#options.part.letGo()
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
