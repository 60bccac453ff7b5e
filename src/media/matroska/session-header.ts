import { MalformedMedia } from '../malformed-media.js'
import { type EbmlBytes, ElementFields } from './ebml.js'
import { ELEMENT } from './element-ids.js'
import { type MatroskaTrack, parseTracks } from './track.js'

/** Limit for the bytes from the EBML header to the first Cluster. CodecPrivate may have 1 MiB. */
export const MAX_HEADER_BYTES = 4 * 1024 * 1024
const MAX_HEADER_ELEMENTS = 10_000
const NOTHING = new Uint8Array(0)

/**
 * The part of a document before its first Cluster. The bytes are copied, to be stored and returned unchanged. Only what Clusters need is
 * parsed.
 */
export class SessionHeader {
  timestampScale = DEFAULT_TIMESTAMP_SCALE
  /** Null until a Tracks element has been read. */
  tracks: readonly MatroskaTrack[] | null = null
  #elements = 0
  #bytes: Uint8Array = new Uint8Array(1024)
  #length = 0

  constructor(
    /** Offset of the EBML header in the upload. */
    readonly start: number,
  ) {}

  /** @throws MalformedMedia if the header is too large with this element */
  count(element: { readonly start: number; readonly end: number }): void {
    this.#elements += 1
    const refuse = (what: string) => {
      throw new MalformedMedia(`${what} before the first Cluster`, element.start)
    }
    if (element.end - this.start > MAX_HEADER_BYTES) refuse(`a header of more than ${MAX_HEADER_BYTES} bytes`)
    if (this.#elements > MAX_HEADER_ELEMENTS) refuse(`more than ${MAX_HEADER_ELEMENTS} elements`)
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

  /** Returns all appended bytes once, and releases them: the upload may take much longer. */
  take(): Uint8Array {
    const bytes = this.#bytes.slice(0, this.#length)
    this.#bytes = NOTHING
    this.#length = 0
    return bytes
  }
}

/** Default of nanoseconds per tick (RFC 9559, section 5.1.2.9): a millisecond. */
export const DEFAULT_TIMESTAMP_SCALE = 1_000_000
/** Ten seconds: block times of 16 bits still fit into 32 bits of milliseconds. */
const MAX_TIMESTAMP_SCALE = 10_000_000_000

/** Accepts EBML headers of Matroska and WebM within the limits of RFC 9559. @throws MalformedMedia */
export function checkEbmlHeader(data: EbmlBytes): void {
  const fields = new ElementFields(data)
  const docType = fields.find(ELEMENT.DocType) === null ? 'matroska' : fields.string(ELEMENT.DocType).trimEnd()
  if (docType !== 'matroska' && docType !== 'webm')
    throw new MalformedMedia(`DocType must be matroska or webm: got '${docType.slice(0, 32)}'`, data.origin)
  if (fields.uint(ELEMENT.EBMLMaxIDLength, 4) > 4) throw new MalformedMedia('element ids of more than 4 octets are announced', data.origin)
  if (fields.uint(ELEMENT.EBMLMaxSizeLength, 8) > 8) throw new MalformedMedia('data sizes of more than 8 octets are announced', data.origin)
}

/** The TimestampScale of an Info element, in nanoseconds per tick. */
export function parseTimestampScale(data: EbmlBytes): number {
  const scale = new ElementFields(data).uint(ELEMENT.TimestampScale, DEFAULT_TIMESTAMP_SCALE)
  if (scale >= 1 && scale <= MAX_TIMESTAMP_SCALE) return scale
  throw new MalformedMedia(`TimestampScale must be 1 to ${MAX_TIMESTAMP_SCALE}: got ${scale}`, data.origin)
}

/** Ticks to milliseconds, rounded. */
export function toMilliseconds(ticks: number, timestampScale: number): number {
  return timestampScale === DEFAULT_TIMESTAMP_SCALE ? ticks : Math.round(ticks * (timestampScale / 1_000_000))
}
