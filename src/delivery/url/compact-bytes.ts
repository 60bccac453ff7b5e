// A compact encoding of numbers and texts, because a URL must be short.

/** Writes fields. Numbers are integers from 0 to 2^53 - 1, with seven bits per byte, lowest first. */
export class CompactWriter {
  readonly #bytes: number[] = []

  number(value: number): this {
    let rest = value
    while (rest >= 0x80) {
      this.#bytes.push((rest % 0x80) | 0x80)
      rest = Math.floor(rest / 0x80)
    }
    this.#bytes.push(rest)
    return this
  }

  bytes(value: Uint8Array): this {
    this.number(value.byteLength)
    this.#bytes.push(...value)
    return this
  }

  text(value: string): this {
    return this.bytes(new TextEncoder().encode(value))
  }

  /** Writes up to 128 decimal digits without leading zeros as the bytes of the number. */
  decimal(digits: string): this {
    const hex = BigInt(digits).toString(16)
    return this.bytes(Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex'))
  }

  finish(): Uint8Array {
    return Uint8Array.from(this.#bytes)
  }
}

/** Throws a RangeError if the bytes end early or have a form that CompactWriter never writes. */
export class CompactReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  number(): number {
    let value = 0
    for (let factor = 1; factor <= 2 ** 49; factor *= 0x80) {
      const byte = this.#byte()
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return checkSafe(value)
    }
    throw new RangeError('a number is too long')
  }

  bytes(): Uint8Array {
    const length = this.number()
    if (length > this.#bytes.byteLength - this.#at) throw new RangeError('a field is longer than the rest')
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  text(): string {
    return new TextDecoder().decode(this.bytes())
  }

  decimal(): string {
    return BigInt(`0x${Buffer.from(this.bytes()).toString('hex') || '0'}`).toString()
  }

  end(): void {
    if (this.#at !== this.#bytes.byteLength) throw new RangeError('bytes are left over')
  }

  #byte(): number {
    const byte = this.#bytes[this.#at]
    if (byte === undefined) throw new RangeError('the bytes end early')
    this.#at += 1
    return byte
  }
}

function checkSafe(value: number): number {
  if (!Number.isSafeInteger(value)) throw new RangeError('a number is too large')
  return value
}
