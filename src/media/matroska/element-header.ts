import { byteAt } from '../bytes.js'
import { MalformedMedia } from '../malformed-media.js'
import type { ByteWindow } from './byte-window.js'
import { readSize, readUnsigned, UNKNOWN_SIZE, vintLength } from './ebml.js'

/** Id and data size of an element, read where they stand; one object is used again and again. */
export class ElementHeader {
  id = 0
  /** UNKNOWN_SIZE where the element does not say. */
  size = 0
  /** Octets of id and size together. */
  bytes = 0
  /** Offset of the element's first byte in the upload. */
  start = 0

  /** Reads without advancing; false where the header is not all there yet. */
  read(window: ByteWindow): boolean {
    if (!window.has(1)) return false
    const idLength = vintLength(byteAt(window.bytes, window.at))
    if (idLength > 4) throw new MalformedMedia('no element begins here: an id of more than 4 octets', window.position)
    if (!window.has(idLength + 1)) return false
    const sizeLength = vintLength(byteAt(window.bytes, window.at + idLength))
    if (sizeLength > 8) throw new MalformedMedia('an element whose data size has more than 8 octets', window.position)
    this.bytes = idLength + sizeLength
    if (!window.has(this.bytes)) return false
    this.start = window.position
    this.id = readUnsigned(window.bytes, window.at, idLength)
    this.size = readSize(window.bytes, window.at + idLength, sizeLength)
    if (this.size > Number.MAX_SAFE_INTEGER) throw new MalformedMedia('a data size too large to count with', this.start)
    return true
  }

  get isSizeUnknown(): boolean {
    return this.size === UNKNOWN_SIZE
  }

  /** Offset of the first byte after the element; Infinity where its size is unknown. */
  get end(): number {
    return this.isSizeUnknown ? Number.POSITIVE_INFINITY : this.start + this.bytes + this.size
  }

  /** For messages: 0x1F43B675. */
  get name(): string {
    return `0x${this.id.toString(16).toUpperCase()}`
  }
}
