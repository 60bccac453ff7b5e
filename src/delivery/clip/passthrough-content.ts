import type { EpochMs } from '../../lib/clock.js'
import type { PartHandle } from '../ports.js'
import type { ByteSpan } from '../serve/byte-range.js'
import type { ClipContent, ClipIdentity } from '../serve/clip-content.js'
import type { ContentDescription } from './sliced-content.js'
import { toClipUnavailable } from './to-clip-unavailable.js'

/** The bytes of one part as Kinesis Video wrote them. They are identified by their SHA-256, so only when all have come. */
export class PassthroughContent implements ClipContent {
  readonly form = 'PASSTHROUGH'
  readonly fileName: string
  readonly contentType: string
  readonly lastModifiedMs: EpochMs
  readonly urlExpiresAtMs: EpochMs
  readonly #part: PartHandle
  #identity: ClipIdentity | null = null

  private constructor(description: ContentDescription, part: PartHandle) {
    this.fileName = description.fileName
    this.contentType = description.contentType
    this.lastModifiedMs = description.lastModifiedMs
    this.urlExpiresAtMs = description.urlExpiresAtMs
    this.#part = part
  }

  /** Identified from the start when every byte is there. The part is released with the content, also when this rejects. */
  static async open(description: ContentDescription, part: PartHandle, signal: AbortSignal): Promise<PassthroughContent> {
    const content = new PassthroughContent(description, part)
    try {
      if (part.state.state === 'complete') await content.whenIdentified(signal)
      return content
    } catch (error) {
      content.release()
      throw error
    }
  }

  get identity(): ClipIdentity | null {
    return this.#identity
  }

  async whenIdentified(signal: AbortSignal): Promise<ClipIdentity> {
    try {
      const sizeBytes = await this.#part.whole(signal)
      this.#identity ??= { sizeBytes, etag: `"${await this.#part.sha256(signal)}"` }
      return this.#identity
    } catch (error) {
      throw signal.aborted ? error : toClipUnavailable(error)
    }
  }

  async *read(span: ByteSpan | 'all', signal: AbortSignal): AsyncGenerator<Uint8Array> {
    try {
      yield* this.#part.read(span === 'all' ? { start: 0, end: Number.MAX_SAFE_INTEGER } : span, signal)
    } catch (error) {
      throw signal.aborted ? error : toClipUnavailable(error)
    }
  }

  release(): void {
    this.#part.release()
  }
}
