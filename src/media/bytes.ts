// Bytes of small records, big-endian as ISO/IEC 14496-12 and EBML have them. Long tables are written by code of their own.

export function u8(...values: readonly number[]): Uint8Array {
  return Uint8Array.from(values)
}

export function u16(...values: readonly number[]): Uint8Array {
  return concat(values.map((value) => u8(value >>> 8, value)))
}

export function u24(value: number): Uint8Array {
  return u8(value >>> 16, value >>> 8, value)
}

export function u32(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 * values.length)
  values.forEach((value, index) => {
    for (let byte = 0; byte < 4; byte += 1) bytes[4 * index + byte] = value >>> (24 - 8 * byte)
  })
  return bytes
}

/** Exact up to 2^53. Negative values come out in two's complement. */
export function u64(...values: readonly number[]): Uint8Array {
  return u32(...values.flatMap((value) => [Math.floor(value / 0x100000000), value]))
}

/** UTF-8. */
export function text(value: string): Uint8Array {
  return new TextEncoder().encode(value)
}

export function zeros(length: number): Uint8Array {
  return new Uint8Array(length)
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(byteLength(parts))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.byteLength
  }
  return bytes
}

export function byteLength(parts: readonly { readonly byteLength: number }[]): number {
  return parts.reduce((total, part) => total + part.byteLength, 0)
}

/** Throws RangeError if there is no such byte: readers check lengths before they read. */
export function byteAt(bytes: Uint8Array, index: number): number {
  const byte = bytes[index]
  if (byte === undefined) throw new RangeError(`no byte ${index} (there are ${bytes.byteLength})`)
  return byte
}

const IS_BIG_ENDIAN_MACHINE = new Uint8Array(new Uint32Array([1]).buffer)[3] === 1

/**
 * Converts 32-bit numbers in place from the machine's byte order to big-endian, or back. One call for a whole table: a DataView for each
 * number is several times slower.
 */
export function swapWords({ buffer, byteOffset, byteLength: length }: Uint32Array): void {
  if (!IS_BIG_ENDIAN_MACHINE) Buffer.from(buffer, byteOffset, length).swap32()
}
