import { createHash } from 'node:crypto'

/** The hash that the first line of a log holds. */
export const FIRST_HASH = '0'.repeat(64)
/** A longer line is not one of an audit log. */
export const MAX_LINE_BYTES = 65_536
const MAX_TEXT = 512

/** What every line has in addition to its event. */
export interface ChainedLine {
  readonly sequence: number
  /** SHA-256 of the previous line without its line feed, in hexadecimal. */
  readonly previous: string
}

/** The end of a log: the hash of its newest line, and the number of that line. */
export interface ChainEnd {
  readonly sequence: number
  readonly hash: string
}

export const EMPTY_CHAIN: ChainEnd = { sequence: 0, hash: FIRST_HASH }

/** Returns the line, without its line feed, and the new end of the chain. */
export function toNextLine(end: ChainEnd, at: string, event: object): { readonly line: string; readonly end: ChainEnd } {
  const sequence = end.sequence + 1
  const line = JSON.stringify({ sequence, at, ...event, previous: end.hash }, shorten)
  return { line, end: { sequence, hash: hashOf(line) } }
}

export function hashOf(line: string | Uint8Array): string {
  return createHash('sha256').update(line).digest('hex')
}

/** Null if the line is not one of an audit log. */
export function parseLine(line: string): ChainedLine | null {
  try {
    const value: unknown = JSON.parse(line)
    if (typeof value !== 'object' || value === null || !('sequence' in value) || !('previous' in value)) return null
    const { sequence, previous } = value
    if (typeof sequence !== 'number' || typeof previous !== 'string' || !/^[0-9a-f]{64}$/.test(previous)) return null
    return { sequence, previous }
  } catch {
    return null
  }
}

/** Values come from clients. No value may make a line longer than a reader accepts. */
function shorten(_: string, value: unknown): unknown {
  return typeof value === 'string' && value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}…` : value
}
