import { byteAt } from '../bytes.js'
import { MalformedMedia } from '../malformed-media.js'

/** Reads a small big-endian record. Throws MalformedMedia at its end. */
export class ByteCursor {
  at = 0

  constructor(
    readonly bytes: Uint8Array,
    /** Name of the record, for errors. */
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
    if (count > this.left) this.refuse(`${this.record} ends early: expected ${count} more bytes, got ${this.left}`)
    this.at += count
    return this.bytes.subarray(this.at - count, this.at)
  }

  refuse(message: string): never {
    throw new MalformedMedia(message, this.at)
  }
}
