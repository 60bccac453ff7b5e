import { byteAt } from '../bytes.js'
import { MalformedMedia } from '../malformed-media.js'

/** Reads the bits of a record, and the Exp-Golomb codes of Rec. ITU-T H.264, 9.1 (H.265 has the same). Throws MalformedMedia at its end. */
export class BitReader {
  #bit = 0

  /** `record`: name for errors. */
  constructor(
    private readonly bytes: Uint8Array,
    private readonly record: string,
  ) {}

  /** u(n), up to 32 bits. */
  u(count: number): number {
    if (this.#bit + count > this.bytes.byteLength * 8) this.refuse(`${this.record} ends early`)
    let value = 0
    for (let index = 0; index < count; index += 1) {
      value = value * 2 + ((byteAt(this.bytes, this.#bit >> 3) >> (7 - (this.#bit & 7))) & 1)
      this.#bit += 1
    }
    return value
  }

  flag(): boolean {
    return this.u(1) === 1
  }

  skip(count: number): void {
    for (let left = count; left > 0; left -= 32) this.u(Math.min(left, 32))
  }

  /** ue(v). Throws MalformedMedia above `most`. */
  ue(most = 0xfffffffe): number {
    let zeros = 0
    while (!this.flag()) {
      zeros += 1
      if (zeros > 31) this.refuse('an Exp-Golomb code of more than 63 bits')
    }
    const value = 2 ** zeros - 1 + this.u(zeros)
    if (value > most) this.refuse(`a parameter of ${value}, expected at most ${most}`)
    return value
  }

  se(): number {
    const code = this.ue()
    return code % 2 === 1 ? (code + 1) / 2 : -code / 2
  }

  refuse(message: string): never {
    throw new MalformedMedia(message, this.#bit >> 3)
  }
}

/** Reads a parameter set (H.264, 7.3.1): a NAL unit without its header of `headerBytes`. */
export function readParameterSet(nal: Uint8Array, headerBytes: number): BitReader {
  return new BitReader(withoutEmulationPrevention(nal.subarray(headerBytes)), 'a parameter set')
}

/** Removes the 03 of each 00 00 03 (H.264, 7.4.1.1). */
function withoutEmulationPrevention(bytes: Uint8Array): Uint8Array {
  const rbsp = new Uint8Array(bytes.byteLength)
  let length = 0
  let zeros = 0
  for (const byte of bytes) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0
      continue
    }
    zeros = byte === 0 ? zeros + 1 : 0
    rbsp[length] = byte
    length += 1
  }
  return rbsp.subarray(0, length)
}
