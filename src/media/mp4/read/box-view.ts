import { MalformedMedia } from '../../malformed-media.js'
import { wordsFrom } from '../words.js'
import { NotUnderstood } from './not-understood.js'

/** Far more than any real box has; keeps a hostile head from making millions of objects out of empty boxes. */
const MAX_CHILDREN = 1024

/** The payload of a box that others wrote: every read is checked, and positions in messages count from the first byte of the file. */
export class BoxView {
  private readonly view: DataView

  constructor(
    readonly type: string,
    private readonly payload: Uint8Array,
    /** Where the payload begins in the file. */
    readonly offset: number,
  ) {
    this.view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
  }

  get length(): number {
    return this.payload.byteLength
  }

  /** The version of a FullBox; flags are `flags`. */
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
    const value = this.u32(at) * 0x100000000 + this.u32(at + 4)
    if (!Number.isSafeInteger(value)) throw new MalformedMedia(`${this.type} holds a number beyond 2^53`, this.offset + at)
    return value
  }

  i64(at: number): number {
    const value = this.i32(at) * 0x100000000 + this.u32(at + 4)
    if (!Number.isSafeInteger(value)) throw new MalformedMedia(`${this.type} holds a number beyond 2^53`, this.offset + at)
    return value
  }

  fourCC(at: number): string {
    return String.fromCharCode(this.u8(at), this.u8(at + 1), this.u8(at + 2), this.u8(at + 3))
  }

  bytes(start: number, end: number): Uint8Array {
    this.check(start, end - start)
    return this.payload.subarray(start, end)
  }

  /** How many rows the table says it has, checked against the bytes that are there. */
  rows(at: number, rowBytes: number): number {
    const rows = this.u32(at)
    this.check(at + 4, rows * rowBytes)
    return rows
  }

  /** A table of 32-bit numbers, copied. */
  words(start: number, count: number): Uint32Array {
    this.check(start, 4 * count)
    return wordsFrom(this.payload.subarray(start, start + 4 * count))
  }

  children(start = 0): BoxView[] {
    const children: BoxView[] = []
    let at = start
    while (at < this.length) {
      const child = this.child(at)
      children.push(child)
      if (children.length > MAX_CHILDREN) throw new NotUnderstood(`${this.type} has more than ${MAX_CHILDREN} boxes in it`)
      at = child.offset - this.offset + child.length
    }
    return children
  }

  private child(at: number): BoxView {
    const size = this.u32(at)
    const type = this.fourCC(at + 4)
    const headerBytes = size === 1 ? 16 : 8
    const boxBytes = size === 1 ? this.u64(at + 8) : size
    if (boxBytes < headerBytes) throw new MalformedMedia(`box '${printable(type)}' says it is ${boxBytes} bytes long`, this.offset + at)
    this.check(at, boxBytes)
    return new BoxView(type, this.payload.subarray(at + headerBytes, at + boxBytes), this.offset + at + headerBytes)
  }

  private check(at: number, length: number): void {
    if (length >= 0 && at + length <= this.length) return
    throw new MalformedMedia(
      `${printable(this.type)} ends too early: ${length} bytes wanted, ${Math.max(this.length - at, 0)} left`,
      this.offset + at,
    )
  }
}

/** A type as it may stand in a message: hostile bytes become dots. */
export function printable(type: string): string {
  return type.replaceAll(/[^\x20-\x7e©]/g, '.')
}
