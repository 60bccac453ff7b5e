import { byteLength, concat, text, u8, u16, u32, u64 } from './bytes.js'

/** A box with a 32-bit size (ISO/IEC 14496-12, 4.2), so that code reads like the tables of the standard: `box('free', u32(1))`. */
export function box(type: string, ...parts: readonly Uint8Array[]): Uint8Array {
  return concat([u32(8 + byteLength(parts)), fourCC(type), ...parts])
}

/** A box with version and flags (FullBox). */
export function fullBox(type: string, version: number, flags: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return box(type, versionAndFlags(version, flags), ...parts)
}

export function versionAndFlags(version: number, flags: number): Uint8Array {
  return u32(version * 0x1000000 + flags)
}

/** The header of a box whose payload is written elsewhere: 8 bytes, or 16 if the size does not fit 32 bits. */
export function boxHeader(type: string, payloadBytes: number): Uint8Array {
  if (payloadBytes + 8 <= 0xffffffff) return concat([u32(payloadBytes + 8), fourCC(type)])
  return concat([u32(1), fourCC(type), u64(payloadBytes + 16)])
}

/** A four-character code in Latin-1: '©nam' has four bytes. */
export function fourCC(type: string): Uint8Array {
  if (type.length !== 4) throw new RangeError(`a box type has four characters (got '${type}')`)
  return u8(...Array.from(type, (character) => character.charCodeAt(0)))
}

/** 16.16 fixed point. */
export function fixed16x16(value: number): Uint8Array {
  return u32(Math.round(value * 0x10000))
}

/** 8.8 fixed point. */
export function fixed8x8(value: number): Uint8Array {
  return u16(Math.round(value * 0x100))
}

/** UTF-8 that ends with a NUL. */
export function nulTerminated(value: string): Uint8Array {
  return text(`${value}\0`)
}
