import { type EpochMs, orAborted } from '../../lib/clock.js'
import { cutSlices, type Slice, type SlicedFile, sliceLength } from '../../media/mp4/slices.js'
import type { PartHandle } from '../ports.js'
import type { ByteSpan } from '../serve/byte-range.js'
import type { ClipContent, ClipIdentity } from '../serve/clip-content.js'
import { PartBroken } from '../store/part-broken.js'
import { toClipUnavailable } from './to-clip-unavailable.js'

/** What every clip's content says of itself, whatever its form. */
export interface ContentDescription {
  readonly fileName: string
  readonly contentType: string
  readonly lastModifiedMs: EpochMs
  readonly urlExpiresAtMs: EpochMs
}

/** A clip that is laid out, before its media has come. */
export interface ClipLayout {
  readonly file: SlicedFile
  /** With its quotes. */
  readonly etag: string
}

export interface SlicedContentOptions {
  readonly description: ContentDescription
  /** The parts that the layout's slices number. Released with the content. */
  readonly sources: readonly PartHandle[]
  /** A promise while the heads of the parts are still arriving; rejects when the clip cannot be made. */
  readonly layout: ClipLayout | Promise<ClipLayout>
}

/** The bytes of a clip that is laid out anew over parts, of which some may still arrive: a span waits for just the bytes it is made of. */
export class SlicedContent implements ClipContent {
  readonly form = 'REBUILT'
  readonly fileName: string
  readonly contentType: string
  readonly lastModifiedMs: EpochMs
  readonly urlExpiresAtMs: EpochMs
  readonly #sources: readonly PartHandle[]
  readonly #layout: Promise<ClipLayout>
  #identity: ClipIdentity | null = null

  constructor({ description, sources, layout }: SlicedContentOptions) {
    this.fileName = description.fileName
    this.contentType = description.contentType
    this.lastModifiedMs = description.lastModifiedMs
    this.urlExpiresAtMs = description.urlExpiresAtMs
    this.#sources = sources
    if ('file' in layout) this.#identity = toIdentity(layout)
    this.#layout = Promise.resolve(layout).then((laidOut) => {
      this.#identity = toIdentity(laidOut)
      return laidOut
    })
    // Whoever waits for it hears of its failure; when nobody does, it is not an unhandled rejection.
    this.#layout.catch(() => null)
  }

  get identity(): ClipIdentity | null {
    return this.#identity
  }

  async whenIdentified(signal: AbortSignal): Promise<ClipIdentity> {
    return toIdentity(await this.#laidOut(signal))
  }

  async *read(span: ByteSpan | 'all', signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const { file } = await this.#laidOut(signal)
    const { start, end } = span === 'all' ? { start: 0, end: file.sizeBytes } : span
    try {
      for (const slice of cutSlices(file, start, end)) yield* this.#readSlice(slice, signal)
    } catch (error) {
      throw signal.aborted ? error : toClipUnavailable(error)
    }
  }

  release(): void {
    for (const source of this.#sources) source.release()
  }

  async *#readSlice(slice: Slice, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    if (slice.kind === 'bytes') {
      yield slice.bytes
      return
    }
    let missing = sliceLength(slice)
    const source = this.#sources[slice.source]
    if (source === undefined) throw new RangeError(`the layout names part ${slice.source}, but there are ${this.#sources.length} parts`)
    for await (const chunk of source.read({ start: slice.offset, end: slice.offset + slice.length }, signal)) {
      missing -= chunk.byteLength
      yield chunk
    }
    if (missing > 0) throw new PartBroken('WRONG_LENGTH', `a part ends ${missing} bytes before the bytes that the clip is laid out over`)
  }

  async #laidOut(signal: AbortSignal): Promise<ClipLayout> {
    try {
      return await orAborted(this.#layout, signal)
    } catch (error) {
      throw signal.aborted ? error : toClipUnavailable(error)
    }
  }
}

function toIdentity({ file, etag }: ClipLayout): ClipIdentity {
  return { sizeBytes: file.sizeBytes, etag }
}
