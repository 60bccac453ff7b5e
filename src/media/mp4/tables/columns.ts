import { freeBytes } from '../../free-bytes.js'
import type { Column } from '../movie.js'

/** The row of a column. Throws RangeError if there is no such row. */
export function rowAt(rows: Column | Float64Array | Int32Array | number, row: number): number {
  if (typeof rows === 'number') return rows
  const value = rows[row]
  if (value === undefined) throw new RangeError(`no row ${row} (the column has ${rows.length})`)
  return value
}

/** The same integers (0 to 2^32 - 1) in as few bytes as the largest needs. Returns a copy. */
export function narrow(rows: ArrayLike<number>): Column {
  return new (columnFor(largestOf(rows instanceof Uint32Array ? rows : new Uint32Array(rows))))(rows)
}

/** Narrows rows that the caller owns, and frees their memory. */
export function narrowAndFree(rows: Uint32Array): Column {
  const column = narrow(rows)
  freeBytes(rows)
  return column
}

/** One kind of column only: a loop that has seen several kinds is slower. */
function largestOf(rows: Uint32Array): number {
  let largest = 0
  for (const value of rows) if (value > largest) largest = value
  return largest
}

/** A number if all rows are equal (0 if there are none), otherwise a narrow copy. */
export function toShortest(rows: Column): Column | number {
  const [first = 0] = rows
  for (const value of rows) if (value !== first) return narrow(rows)
  return first
}

/** A column of `count` rows, also where a number stands for all of them. */
export function toColumn(rows: Column | number, count: number): Column {
  return typeof rows === 'number' ? new (columnFor(rows))(count).fill(rows) : rows
}

/** The rows of all columns, as wide as the widest. */
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
