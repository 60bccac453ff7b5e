import type { Steps } from '../steps.js'
import { boxHeader, concat, versionAndFlags } from './box.js'

/** Rows of a table that need not be there as bytes until they are read. */
export interface TableRows {
  readonly byteLength: number
  /** `into` has exactly that many bytes. */
  write(into: DataView): void
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
      rows.write(new DataView(bytes.buffer, at, rows.byteLength))
      at += rows.byteLength
      yield
    }
    return bytes
  }
}
