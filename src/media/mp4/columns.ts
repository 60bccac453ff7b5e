import type { Column } from './movie.js'

/** The same numbers in as few bytes as the largest of them needs. A copy: what it was made of may be given up. */
export function narrow(rows: ArrayLike<number>): Column {
  let largest = 0
  for (let row = 0; row < rows.length; row += 1) {
    const value = rows[row] ?? 0
    if (value > largest) largest = value
  }
  return new (columnFor(largest))(rows)
}

/** All rows of all columns, as wide as the widest. */
export function concatColumns(columns: readonly Column[]): Column {
  const width = columns.reduce((widest, { BYTES_PER_ELEMENT }) => Math.max(widest, BYTES_PER_ELEMENT), 1)
  const joined = new (columnFor(2 ** (8 * width) - 1))(columns.reduce((total, { length }) => total + length, 0))
  let at = 0
  for (const column of columns) {
    joined.set(column, at)
    at += column.length
  }
  return joined
}

interface ColumnConstructor {
  new (length: number): Column
  new (rows: ArrayLike<number>): Column
}

function columnFor(largest: number): ColumnConstructor {
  if (largest <= 0xff) return Uint8Array
  return largest <= 0xffff ? Uint16Array : Uint32Array
}
