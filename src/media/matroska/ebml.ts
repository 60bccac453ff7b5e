import { byteAt } from '../bytes.js'
import { MalformedMedia } from '../malformed-media.js'

/** The unknown size of an element, which ends with its last child (RFC 8794, section 6.2). */
export const UNKNOWN_SIZE = -1
/** Many more than real headers have. Limits the cost of many empty elements. */
const MAX_CHILDREN = 10_000

const decoder = new TextDecoder()

/** An element in bytes that have all arrived. */
export interface EbmlElement {
  readonly id: number
  /** Indexes of its data in the bytes: [start, end). */
  readonly start: number
  readonly end: number
}

/** Bytes, and the offset of the first one in the upload (for errors). */
export interface EbmlBytes {
  readonly bytes: Uint8Array
  readonly origin: number
}

/** Length of a variable-size integer in octets, from its first octet: 1 to 8, or 9 if that is 0. */
export function vintLength(firstByte: number): number {
  return Math.clz32(firstByte) - 23
}

/** Big-endian. Exact up to 2^53. */
export function readUnsigned(bytes: Uint8Array, at: number, length: number): number {
  let value = 0
  for (let index = at; index < at + length; index += 1) value = value * 256 + byteAt(bytes, index)
  return value
}

/** Value of a variable-size integer of `length` octets, without its marker bit. Exact up to 2^53. */
export function readVint(bytes: Uint8Array, at: number, length: number): number {
  // The marker bit is removed first, because a size of 8 octets with it is above 2^53.
  const first = byteAt(bytes, at) & (0xff >> length)
  return first * 256 ** (length - 1) + readUnsigned(bytes, at + 1, length - 1)
}

function isAllOnes(bytes: Uint8Array, at: number, length: number): boolean {
  return bytes[at] === 2 ** (9 - length) - 1 && bytes.subarray(at + 1, at + length).every((octet) => octet === 0xff)
}

/** ID and data size of an element (RFC 8794, sections 5 and 6). */
export interface ElementHead {
  readonly id: number
  /** Bytes of data, or UNKNOWN_SIZE. */
  readonly size: number
  /** Bytes of ID and size. */
  readonly bytes: number
}

/** The head of the element at `bytes[at]`; null if it goes on after `end`. @throws MalformedMedia */
export function readElementHead({ bytes, origin }: EbmlBytes, at: number, end: number): ElementHead | null {
  if (at >= end) return null
  const idLength = vintLength(byteAt(bytes, at))
  if (idLength > 4) throw new MalformedMedia('not an element: its ID has more than 4 octets', origin + at)
  const sizeAt = at + idLength
  if (sizeAt >= end) return null
  const sizeLength = vintLength(byteAt(bytes, sizeAt))
  if (sizeLength > 8) throw new MalformedMedia('an element whose data size has more than 8 octets', origin + at)
  if (sizeAt + sizeLength > end) return null
  const size = isAllOnes(bytes, sizeAt, sizeLength) ? UNKNOWN_SIZE : readVint(bytes, sizeAt, sizeLength)
  if (size > Number.MAX_SAFE_INTEGER) throw new MalformedMedia('a data size above 2^53', origin + at)
  return { id: readUnsigned(bytes, at, idLength), size, bytes: idLength + sizeLength }
}

/** The children of an element, in order; without a parent, the elements in all of the bytes. */
export function* readElements(data: EbmlBytes, parent: Pick<EbmlElement, 'start' | 'end'> = wholeOf(data)): Generator<EbmlElement, void> {
  let at = parent.start
  for (let count = 0; at < parent.end; count += 1) {
    if (count === MAX_CHILDREN) throw new MalformedMedia(`more than ${MAX_CHILDREN} elements in one`, data.origin + at)
    const element = readElement(data, at, parent.end)
    yield element
    at = element.end
  }
}

function wholeOf({ bytes }: EbmlBytes): Pick<EbmlElement, 'start' | 'end'> {
  return { start: 0, end: bytes.byteLength }
}

function readElement(data: EbmlBytes, at: number, end: number): EbmlElement {
  const head = readElementHead(data, at, end)
  if (head === null) throw new MalformedMedia('an element without a data size', data.origin + at)
  const start = at + head.bytes
  if (head.size === UNKNOWN_SIZE || start + head.size > end)
    throw new MalformedMedia('an element that extends past the end of its parent', data.origin + at)
  return { id: head.id, start, end: start + head.size }
}

/** An unsigned integer element (RFC 8794, section 7.2). No octets mean 0. */
export function readUintElement(data: EbmlBytes, { start, end }: Pick<EbmlElement, 'start' | 'end'> = wholeOf(data)): number {
  const { bytes, origin } = data
  if (end - start > 8) throw new MalformedMedia('an integer of more than 8 octets', origin + start)
  const value = readUnsigned(bytes, start, end - start)
  if (value > Number.MAX_SAFE_INTEGER) throw new MalformedMedia('an integer above 2^53', origin + start)
  return value
}

/** A float element (section 7.3): 0, 4 or 8 octets. */
function readFloatElement({ bytes, origin }: EbmlBytes, { start, end }: EbmlElement): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, end - start)
  if (end === start) return 0
  if (end - start === 4) return view.getFloat32(0)
  if (end - start === 8) return view.getFloat64(0)
  throw new MalformedMedia('a float of neither 4 nor 8 octets', origin + start)
}

/** A string element up to its first NUL: producers pad to a fixed width (section 13). */
function readStringElement({ bytes }: EbmlBytes, { start, end }: EbmlElement): string {
  const nul = bytes.subarray(start, end).indexOf(0)
  return decoder.decode(bytes.subarray(start, nul < 0 ? end : start + nul))
}

/** The children of an element by their IDs. If an ID repeats, the last element counts. */
export class ElementFields {
  readonly #elements = new Map<number, EbmlElement>()

  constructor(
    private readonly data: EbmlBytes,
    parent?: EbmlElement,
  ) {
    for (const element of readElements(data, parent)) this.#elements.set(element.id, element)
  }

  find(id: number): EbmlElement | null {
    return this.#elements.get(id) ?? null
  }

  uint<Absent>(id: number, absent: Absent): number | Absent {
    const element = this.find(id)
    return element === null ? absent : readUintElement(this.data, element)
  }

  float<Absent>(id: number, absent: Absent): number | Absent {
    const element = this.find(id)
    return element === null ? absent : readFloatElement(this.data, element)
  }

  /** Empty if the element is absent. */
  string(id: number): string {
    const element = this.find(id)
    return element === null ? '' : readStringElement(this.data, element)
  }

  /** A copy of the data; null if the element is absent or empty. */
  bytes(id: number): Uint8Array | null {
    const element = this.find(id)
    if (element === null || element.end === element.start) return null
    // Not `slice`: the chunks are Buffers, whose `slice` shares their memory.
    return new Uint8Array(this.data.bytes.subarray(element.start, element.end))
  }

  children(id: number): ElementFields | null {
    const element = this.find(id)
    return element === null ? null : new ElementFields(this.data, element)
  }
}
