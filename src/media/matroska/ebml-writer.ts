import { byteAt, concat, text } from '../bytes.js'

/** The size of a Segment or Cluster that is as long as what comes, in 8 octets: what Kinesis Video writes in GetMedia's answers. */
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

/** Ids are written as they are named, marker bits included. */
export function encodeId(id: number): Uint8Array {
  return encodeUnsigned(id, octetsOf(id))
}

/** In as few octets as hold it, unless `octets` says how many. All ones would mean that the size is unknown. */
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

function sizeOctetsOf(size: number): number {
  let octets = 1
  while (size >= 2 ** (7 * octets) - 1) octets += 1
  return octets
}
