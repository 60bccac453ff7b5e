import { MalformedMedia } from '../malformed-media.js'

/** Little-endian groups of 7 bits, for numbers up to 2^35. */
export class VarintWriter {
  readonly #bytes: Uint8Array
  #length = 0

  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity)
  }

  write(value: number): void {
    let rest = value
    while (rest >= 0x80) {
      this.#put((rest % 0x80) + 0x80)
      rest = Math.floor(rest / 0x80)
    }
    this.#put(rest)
  }

  /** Small distances from 0 on either side stay small. */
  writeSigned(value: number): void {
    this.write(value < 0 ? -value * 2 - 1 : value * 2)
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }

  #put(byte: number): void {
    this.#bytes[this.#length] = byte
    this.#length += 1
  }
}

export class VarintReader {
  #at = 0

  constructor(readonly bytes: Uint8Array) {}

  read(): number {
    let value = 0
    for (let scale = 1; scale <= 2 ** 28; scale *= 0x80) {
      const byte = this.bytes[this.#at]
      if (byte === undefined) throw new MalformedMedia('a number cut off', this.#at)
      this.#at += 1
      if (byte < 0x80) return value + byte * scale
      value += (byte - 0x80) * scale
    }
    throw new MalformedMedia('a number of more than 35 bits', this.#at)
  }

  readSigned(): number {
    const value = this.read()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }
}
