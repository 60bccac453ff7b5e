import { boxHeader, concat, versionAndFlags } from '../../box.js'
import type { Steps } from '../../steps.js'
import { turnAbout } from '../words.js'

/** Rows of a table that need not be there as bytes until they are read. */
export interface TableRows {
  readonly byteLength: number
  /** `words` has exactly that many bytes, all 0, and takes the numbers as numbers. */
  fill(words: Uint32Array): void
}

/** Writes rows from byte `at` on, a multiple of 4, of bytes that are all 0. */
export function writeRows(rows: TableRows, bytes: Uint8Array, at = 0): void {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset + at, rows.byteLength / 4)
  rows.fill(words)
  turnAbout(words)
}

/** A table of `stbl`: the length is known at once, the bytes are made as often as they are asked for. */
export class Table {
  readonly byteLength: number
  private readonly header: Uint8Array

  /** `fields`: what stands before the rows. */
  constructor(
    type: string,
    fields: Uint8Array,
    readonly rows: readonly TableRows[],
  ) {
    const rowBytes = rows.reduce((total, { byteLength }) => total + byteLength, 0)
    this.header = concat([boxHeader(type, 4 + fields.byteLength + rowBytes), versionAndFlags(0, 0), fields])
    this.byteLength = this.header.byteLength + rowBytes
  }

  /** The same in its pieces. */
  get pieces(): (Uint8Array | TableRows)[] {
    return [this.header, ...this.rows]
  }

  *make(): Steps<Uint8Array> {
    const bytes = new Uint8Array(this.byteLength)
    bytes.set(this.header)
    let at = this.header.byteLength
    for (const rows of this.rows) {
      writeRows(rows, bytes, at)
      at += rows.byteLength
      yield
    }
    return bytes
  }
}
