import { boxHeader, versionAndFlags } from '../../box.js'
import { concat, swapWords } from '../../bytes.js'

/** Rows of a table that become bytes only when they are read. */
export interface TableRows {
  readonly byteLength: number
  /** Writes the rows as numbers. `words` has exactly `byteLength` bytes, all 0. */
  fill(words: Uint32Array): void
}

/** The rows as bytes, big-endian. Made anew at each call. */
export function toBytes(rows: TableRows): Uint8Array {
  const words = new Uint32Array(rows.byteLength / 4)
  rows.fill(words)
  swapWords(words)
  return new Uint8Array(words.buffer)
}

/** A table of `stbl`: its header and fields as bytes, its rows on demand. */
export class Table {
  readonly byteLength: number
  readonly pieces: readonly (Uint8Array | TableRows)[]

  /** `fields`: what precedes the rows, after version and flags. */
  constructor(type: string, fields: Uint8Array, rows: readonly TableRows[]) {
    const rowBytes = rows.reduce((total, { byteLength }) => total + byteLength, 0)
    const header = concat([boxHeader(type, 4 + fields.byteLength + rowBytes), versionAndFlags(0, 0), fields])
    this.byteLength = header.byteLength + rowBytes
    this.pieces = [header, ...rows]
  }
}
