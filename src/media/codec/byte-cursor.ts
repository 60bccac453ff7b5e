import { byteAt } from '../bytes.js'
import { MalformedMedia } from '../malformed-media.js'

/** Reads a small record front to back, big-endian; refuses to read past its end. */
export class ByteCursor {
  at = 0

  constructor(
    readonly bytes: Uint8Array,
    /** The record's name, for messages. */
    readonly record: string,
  ) {}

  get left(): number {
    return this.bytes.byteLength - this.at
  }

  u8(): number {
    return byteAt(this.take(1), 0)
  }

  u16(): number {
    return this.u8() * 256 + this.u8()
  }

  take(count: number): Uint8Array {
    if (count > this.left) this.refuse(`${this.record} is cut off: ${count} more bytes expected, ${this.left} left`)
    this.at += count
    return this.bytes.subarray(this.at - count, this.at)
  }

  refuse(message: string): never {
    throw new MalformedMedia(message, this.at)
  }
}
