import { MalformedMedia } from '../malformed-media.js'
import type { EbmlBytes } from './ebml.js'
import { ELEMENT } from './element-ids.js'
import { DEFAULT_TIMESTAMP_SCALE, parseTimestampScale } from './segment-info.js'
import type { MatroskaTrack } from './track.js'
import { parseTracks } from './tracks.js'

/** From the EBML header to the first Cluster. CodecPrivate may take 1 MiB of it. */
export const MAX_HEADER_BYTES = 4 * 1024 * 1024
const MAX_HEADER_ELEMENTS = 10_000
const NOTHING = new Uint8Array(0)

/**
 * What stands before a document's first Cluster: copied as it is read, to be stored and given back as it came, and understood as far as
 * Clusters need it.
 */
export class SessionHeader {
  /** Offset of the EBML header in the upload. */
  readonly start: number
  timestampScale = DEFAULT_TIMESTAMP_SCALE
  /** Null until a Tracks element was read. */
  tracks: readonly MatroskaTrack[] | null = null
  #elements = 0
  #bytes: Uint8Array = new Uint8Array(1024)
  #length = 0

  constructor(start: number) {
    this.start = start
  }

  /** @throws MalformedMedia when the header, with this element, is longer than a header is */
  count(element: { readonly start: number; readonly end: number }): void {
    this.#elements += 1
    const breach =
      element.end - this.start > MAX_HEADER_BYTES
        ? `a header of more than ${MAX_HEADER_BYTES} bytes`
        : this.#elements > MAX_HEADER_ELEMENTS
          ? `more than ${MAX_HEADER_ELEMENTS} elements`
          : null
    if (breach !== null) throw new MalformedMedia(`${breach} before the first Cluster`, element.start)
  }

  /** The data of an element of this header. @throws MalformedMedia */
  interpret(id: number, data: EbmlBytes): void {
    if (id === ELEMENT.Info) this.timestampScale = parseTimestampScale(data)
    else if (id === ELEMENT.Tracks) this.tracks = parseTracks(data)
  }

  append(bytes: Uint8Array, at: number, count: number): void {
    const length = this.#length + count
    if (length > this.#bytes.byteLength) {
      const grown = new Uint8Array(Math.max(length, this.#bytes.byteLength * 2))
      grown.set(this.#bytes.subarray(0, this.#length))
      this.#bytes = grown
    }
    this.#bytes.set(bytes.subarray(at, at + count), this.#length)
    this.#length = length
  }

  /** All that was appended, once: a header is not held as long as its upload lasts. */
  take(): Uint8Array {
    const bytes = this.#bytes.slice(0, this.#length)
    this.#bytes = NOTHING
    this.#length = 0
    return bytes
  }
}
