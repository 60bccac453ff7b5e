import type { Column } from '../movie.js'

/** The same numbers in as few bytes as the largest of them needs. A copy: what it was made of may be given up. */
export function narrow(rows: ArrayLike<number>): Column {
  return new (columnFor(largestOf(rows instanceof Uint32Array ? rows : new Uint32Array(rows))))(rows)
}

/** Of one kind of column only: a loop that has seen several takes twice as long (measured). */
function largestOf(rows: Uint32Array): number {
  let largest = 0
  for (let row = 0; row < rows.length; row += 1) {
    const value = rows[row] ?? 0
    if (value > largest) largest = value
  }
  return largest
}

/** A number where every row is the same. */
export function toShortest(rows: Column | number): Column | number {
  if (typeof rows === 'number') return rows
  const [first = 0] = rows
  for (let row = 1; row < rows.length; row += 1) if (rows[row] !== first) return narrow(rows)
  return first
}

/** A row for each of `count`, where one number may stand for all. */
export function toColumn(rows: Column | number, count: number): Column {
  return typeof rows === 'number' ? new (columnFor(rows))(count).fill(rows) : rows
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
