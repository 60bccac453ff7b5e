import { swapWords } from '../../bytes.js'
import { MalformedMedia } from '../../malformed-media.js'

/**
 * The file may be valid, but has something that cannot be laid out again without risk. Never leaves the reader: it becomes the value
 * `{ understood: false, reason }`.
 */
export class NotUnderstood extends Error {
  override readonly name = 'NotUnderstood'
}

/** Far more than any real box has. A hostile head must not create millions of objects from empty boxes. */
const MAX_CHILDREN = 1024

/** The payload of a box in an untrusted file. Every read is checked, and offsets in errors count from the first byte of the file. */
export class BoxView {
  private readonly view: DataView

  constructor(
    readonly type: string,
    private readonly payload: Uint8Array,
    /** Offset of the payload in the file. */
    readonly offset: number,
  ) {
    this.view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
  }

  get length(): number {
    return this.payload.byteLength
  }

  /** Version of a FullBox. */
  get version(): number {
    return this.u8(0)
  }

  get flags(): number {
    return this.u32(0) & 0xffffff
  }

  u8(at: number): number {
    this.check(at, 1)
    return this.view.getUint8(at)
  }

  u16(at: number): number {
    this.check(at, 2)
    return this.view.getUint16(at)
  }

  u32(at: number): number {
    this.check(at, 4)
    return this.view.getUint32(at)
  }

  i32(at: number): number {
    this.check(at, 4)
    return this.view.getInt32(at)
  }

  u64(at: number): number {
    return this.#wide(this.u32(at), at)
  }

  i64(at: number): number {
    return this.#wide(this.i32(at), at)
  }

  #wide(high: number, at: number): number {
    const value = high * 0x100000000 + this.u32(at + 4)
    if (!Number.isSafeInteger(value)) throw new MalformedMedia(`${this.type} has a number above 2^53`, this.offset + at)
    return value
  }

  fourCC(at: number): string {
    return String.fromCharCode(this.u8(at), this.u8(at + 1), this.u8(at + 2), this.u8(at + 3))
  }

  bytes(start: number, end: number): Uint8Array {
    this.check(start, end - start)
    return this.payload.subarray(start, end)
  }

  /** The number of rows of a table, checked against the size of the box. */
  rows(at: number, rowBytes: number): number {
    const rows = this.u32(at)
    this.check(at + 4, rows * rowBytes)
    return rows
  }

  /** A copy of a table of 32-bit numbers. */
  words(start: number, count: number): Uint32Array {
    this.check(start, 4 * count)
    const words = new Uint32Array(count)
    new Uint8Array(words.buffer).set(this.payload.subarray(start, start + 4 * count))
    swapWords(words)
    return words
  }

  children(start = 0): BoxView[] {
    const children: BoxView[] = []
    let at = start
    while (at < this.length) {
      const child = this.child(at)
      children.push(child)
      if (children.length > MAX_CHILDREN) throw new NotUnderstood(`${this.type} has more than ${MAX_CHILDREN} boxes`)
      at = child.offset - this.offset + child.length
    }
    return children
  }

  private child(at: number): BoxView {
    const size = this.u32(at)
    const type = this.fourCC(at + 4)
    const headerBytes = size === 1 ? 16 : 8
    const boxBytes = size === 1 ? this.u64(at + 8) : size
    if (boxBytes < headerBytes) throw new MalformedMedia(`box '${printable(type)}' has a size of ${boxBytes} bytes`, this.offset + at)
    this.check(at, boxBytes)
    return new BoxView(type, this.payload.subarray(at + headerBytes, at + boxBytes), this.offset + at + headerBytes)
  }

  private check(at: number, length: number): void {
    if (length >= 0 && at + length <= this.length) return
    throw new MalformedMedia(
      `${printable(this.type)} ends early: expected ${length} more bytes, got ${Math.max(this.length - at, 0)}`,
      this.offset + at,
    )
  }
}

/** A box type for messages, with dots for unprintable bytes. */
export function printable(type: string): string {
  return type.replaceAll(/[^\x20-\x7e©]/g, '.')
}
