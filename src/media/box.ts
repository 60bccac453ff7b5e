/**
 * Boxes of ISO/IEC 14496-12, clause 4.2, as functions: `box('free', u32(1))` reads like the standard's table. Numbers are big-endian.
 * Meant for what is small; long tables are written by their own code and stand beside these as separate pieces.
 */

/** A box with a 32-bit size. `type` is its four-character code, Latin-1 ('©nam' is four bytes). */
export function box(type: string, ...parts: readonly Uint8Array[]): Uint8Array {
  const size = 8 + byteLength(parts)
  return concat([u32(size), fourCC(type), ...parts])
}

/** A box with version and flags (`FullBox`). */
export function fullBox(type: string, version: number, flags: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return box(type, versionAndFlags(version, flags), ...parts)
}

export function versionAndFlags(version: number, flags: number): Uint8Array {
  return u32(version * 0x1000000 + flags)
}

/** The header of a box whose `payloadBytes` bytes are written elsewhere; 64-bit (16 bytes long) where 32 bits do not hold the size. */
export function boxHeader(type: string, payloadBytes: number): Uint8Array {
  if (payloadBytes + 8 <= 0xffffffff) return concat([u32(payloadBytes + 8), fourCC(type)])
  return concat([u32(1), fourCC(type), u64(payloadBytes + 16)])
}

export function fourCC(type: string): Uint8Array {
  if (type.length !== 4) throw new RangeError(`a box type has four characters: got '${type}'`)
  return u8(type.charCodeAt(0), type.charCodeAt(1), type.charCodeAt(2), type.charCodeAt(3))
}

export function u8(...values: readonly number[]): Uint8Array {
  return Uint8Array.from(values)
}

export function u16(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(2 * values.length)
  const view = new DataView(bytes.buffer)
  values.forEach((value, index) => {
    view.setUint16(2 * index, value)
  })
  return bytes
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

/** Two's complement comes out right for negative values too, as far as a double counts exactly (2^53). */
export function u64(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(8 * values.length)
  const view = new DataView(bytes.buffer)
  values.forEach((value, index) => {
    view.setUint32(8 * index, Math.floor(value / 0x100000000))
    view.setUint32(8 * index + 4, value)
  })
  return bytes
}

export function i16(...values: readonly number[]): Uint8Array {
  return u16(...values)
}

export function i32(...values: readonly number[]): Uint8Array {
  return u32(...values)
}

/** 16.16 fixed point. */
export function fixed16x16(value: number): Uint8Array {
  return u32(Math.round(value * 0x10000))
}

/** 8.8 fixed point. */
export function fixed8x8(value: number): Uint8Array {
  return u16(Math.round(value * 0x100))
}

/** UTF-8 without an ending NUL. */
export function text(value: string): Uint8Array {
  return new TextEncoder().encode(value)
}

/** UTF-8 and an ending NUL. */
export function nulTerminated(value: string): Uint8Array {
  return text(`${value}\0`)
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
