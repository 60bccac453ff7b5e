import type { SQLOutputValue } from 'node:sqlite'

/** A row of SQLite, read by column: what is in the file is checked like any other input. */
export type Row = Readonly<Record<string, SQLOutputValue>>

export function integerOf(row: Row, column: string): number {
  const value = row[column]
  if (typeof value !== 'number') throw new Error(`column ${column} holds ${typeof value}, an integer was expected`)
  return value
}

export function bytesOf(row: Row, column: string): Uint8Array {
  const value = row[column]
  if (!(value instanceof Uint8Array)) throw new Error(`column ${column} holds ${typeof value}, bytes were expected`)
  return value
}

export function textOrNullOf(row: Row, column: string): string | null {
  const value = row[column]
  if (value === null || typeof value === 'string') return value
  throw new Error(`column ${column} holds ${typeof value}, text was expected`)
}

export function textOf(row: Row, column: string): string {
  const value = textOrNullOf(row, column)
  if (value === null) throw new Error(`column ${column} holds nothing, text was expected`)
  return value
}
