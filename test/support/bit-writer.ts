/** Writes the fields of a parameter set in the order of the syntax tables of the standards. */
export class BitWriter {
  readonly #bits: number[] = []

  u(count: number, value: number): this {
    for (let index = count - 1; index >= 0; index -= 1) this.#bits.push(Math.floor(value / 2 ** index) % 2)
    return this
  }

  ue(value: number): this {
    const length = Math.floor(Math.log2(value + 1))
    return this.u(length, 0).u(length + 1, value + 1)
  }

  se(value: number): this {
    return this.ue(value > 0 ? 2 * value - 1 : -2 * value)
  }

  /** With rbsp_trailing_bits. */
  finish(): number[] {
    const bits = [...this.#bits, 1]
    while (bits.length % 8 !== 0) bits.push(0)
    return Array.from({ length: bits.length / 8 }, (_, index) =>
      bits.slice(8 * index, 8 * index + 8).reduce((byte, bit) => 2 * byte + bit, 0),
    )
  }
}

/** A NAL unit with this header and with emulation prevention bytes. */
export function toNal(header: readonly number[], bits: BitWriter): Uint8Array {
  const bytes: number[] = []
  for (const byte of bits.finish()) {
    if (byte <= 3 && bytes.at(-1) === 0 && bytes.at(-2) === 0) bytes.push(3)
    bytes.push(byte)
  }
  return Uint8Array.from([...header, ...bytes])
}
