import { crc32 } from 'node:zlib'

// A part on disk is its bytes followed by a footer. A file alone therefore shows whether it is complete and what each block must be:
//   CRC-32 of each block (4 bytes each) · 36 bytes that earlier versions wrote a hash to · content length (8) · block length (4)
//   · CRC-32 of table and lengths (4) · magic (8). All numbers are big-endian.

/** A block is checked before a byte of it is given out: small enough for a request of two bytes, large enough for a short table. */
export const BLOCK_BYTES = 65_536
export const FOOTER_TAIL_BYTES = 60
const MAGIC = Buffer.from('clipprt1', 'latin1')
const UNUSED_BYTES = 36

export interface PartFooter {
  readonly contentBytes: number
  /** CRC-32 of each block, the last one perhaps short. */
  readonly blockChecks: readonly number[]
}

function blockCount(contentBytes: number): number {
  return Math.ceil(contentBytes / BLOCK_BYTES)
}

/** Bytes on disk of a part with this much content. */
export function fileBytes(contentBytes: number): number {
  return contentBytes + blockCount(contentBytes) * 4 + FOOTER_TAIL_BYTES
}

export function writePartFooter(contentBytes: number, blockChecks: readonly number[]): Buffer {
  const tableBytes = blockChecks.length * 4
  const footer = Buffer.alloc(tableBytes + FOOTER_TAIL_BYTES)
  blockChecks.forEach((check, block) => {
    footer.writeUInt32BE(check, block * 4)
  })
  const lengths = tableBytes + UNUSED_BYTES
  footer.writeBigUInt64BE(BigInt(contentBytes), lengths)
  footer.writeUInt32BE(BLOCK_BYTES, lengths + 8)
  footer.writeUInt32BE(checkOf(footer.subarray(0, tableBytes), footer.subarray(lengths, lengths + 12)), lengths + 12)
  MAGIC.copy(footer, lengths + 16)
  return footer
}

/** The length of the content according to the last 60 bytes of a file; null if they do not match its size. */
export function parseContentBytes(tail: Buffer, sizeBytes: number): number | null {
  if (tail.byteLength !== FOOTER_TAIL_BYTES) return null
  if (!tail.subarray(UNUSED_BYTES + 16).equals(MAGIC)) return null
  if (tail.readUInt32BE(UNUSED_BYTES + 8) !== BLOCK_BYTES) return null
  const contentBytes = Number(tail.readBigUInt64BE(UNUSED_BYTES))
  return fileBytes(contentBytes) === sizeBytes ? contentBytes : null
}

/** The footer from its bytes, table first; null if it is damaged. */
export function parsePartFooter(footer: Buffer, contentBytes: number): PartFooter | null {
  const tableBytes = blockCount(contentBytes) * 4
  if (footer.byteLength !== tableBytes + FOOTER_TAIL_BYTES) return null
  const lengths = tableBytes + UNUSED_BYTES
  const check = checkOf(footer.subarray(0, tableBytes), footer.subarray(lengths, lengths + 12))
  if (footer.readUInt32BE(lengths + 12) !== check) return null
  const blockChecks = Array.from({ length: tableBytes / 4 }, (_, block) => footer.readUInt32BE(block * 4))
  return { contentBytes, blockChecks }
}

function checkOf(table: Buffer, lengths: Buffer): number {
  return crc32(lengths, crc32(table))
}
