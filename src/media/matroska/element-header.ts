import { byteAt } from '../bytes.js'
import { MalformedMedia } from '../malformed-media.js'
import type { ByteWindow } from './byte-window.js'
import { readSize, readUnsigned, UNKNOWN_SIZE, vintLength } from './ebml.js'

/** ID and data size of an element. One object is reused for all elements. */
export class ElementHeader {
  id = 0
  /** Bytes of data, or UNKNOWN_SIZE. */
  size = 0
  /** Bytes of ID and size. */
  bytes = 0
  /** Offset of the element's first byte in the upload. */
  start = 0

  /** Reads the header at the window without advancing; false if more bytes are needed. */
  read(window: ByteWindow): boolean {
    if (!window.has(1)) return false
    const idLength = vintLength(byteAt(window.bytes, window.at))
    if (idLength > 4) throw new MalformedMedia('not an element: its ID has more than 4 octets', window.position)
    if (!window.has(idLength + 1)) return false
    const sizeLength = vintLength(byteAt(window.bytes, window.at + idLength))
    if (sizeLength > 8) throw new MalformedMedia('an element whose data size has more than 8 octets', window.position)
    this.bytes = idLength + sizeLength
    if (!window.has(this.bytes)) return false
    this.start = window.position
    this.id = readUnsigned(window.bytes, window.at, idLength)
    this.size = readSize(window.bytes, window.at + idLength, sizeLength)
    if (this.size > Number.MAX_SAFE_INTEGER) throw new MalformedMedia('a data size above 2^53', this.start)
    return true
  }

  get isSizeUnknown(): boolean {
    return this.size === UNKNOWN_SIZE
  }

  /** Offset of the first byte after the element; Infinity if its size is unknown. */
  get end(): number {
    return this.isSizeUnknown ? Number.POSITIVE_INFINITY : this.start + this.bytes + this.size
  }

  /** For errors: 0x1F43B675. */
  get name(): string {
    return `0x${this.id.toString(16).toUpperCase()}`
  }
}
