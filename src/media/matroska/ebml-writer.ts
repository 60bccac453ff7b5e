import { byteAt, concat, text } from '../bytes.js'

/** The unknown size in 8 octets, as Kinesis Video writes it in GetMedia responses. */
export const UNKNOWN_SIZE_OCTETS = Uint8Array.of(0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)

/** An element of known size. */
export function encodeElement(id: number, ...data: readonly Uint8Array[]): Uint8Array {
  const size = data.reduce((total, part) => total + part.byteLength, 0)
  return concat([encodeId(id), encodeSize(size), ...data])
}

export function encodeUintElement(id: number, value: number): Uint8Array {
  return encodeElement(id, encodeUnsigned(value, octetsOf(value)))
}

export function encodeStringElement(id: number, value: string): Uint8Array {
  return encodeElement(id, text(value))
}

/** IDs include their marker bits. */
export function encodeId(id: number): Uint8Array {
  return encodeUnsigned(id, octetsOf(id))
}

/** In as few octets as possible by default. */
export function encodeSize(size: number, octets = sizeOctetsOf(size)): Uint8Array {
  const bytes = encodeUnsigned(size, octets)
  bytes[0] = byteAt(bytes, 0) | (0x80 >> (octets - 1))
  return bytes
}

/** Big-endian. */
export function encodeUnsigned(value: number, octets: number): Uint8Array {
  const bytes = new Uint8Array(octets)
  let rest = value
  for (let index = octets - 1; index >= 0; index -= 1) {
    bytes[index] = rest % 256
    rest = Math.floor(rest / 256)
  }
  return bytes
}

function octetsOf(value: number): number {
  let octets = 1
  while (value >= 256 ** octets) octets += 1
  return octets
}

/** Octets of a data size. All ones are avoided, because they mean an unknown size (RFC 8794, section 6.2). */
export function sizeOctetsOf(size: number): number {
  let octets = 1
  while (size >= 2 ** (7 * octets) - 1) octets += 1
  return octets
}
