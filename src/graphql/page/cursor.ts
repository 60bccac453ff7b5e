import { GatewayError } from '../../domain/errors.js'

const LONGEST = 1024

/** Opaque to clients; `kind` keeps a cursor of one list from being taken for one of another. */
export function toCursor(kind: string, position: string): string {
  return Buffer.from(`${kind}:${position}`, 'utf8').toString('base64url')
}

/** The position that `toCursor` was given. Refuses a cursor of another list, or none of ours. */
export function parseCursor(kind: string, cursor: string): string {
  const isOurs = cursor.length <= LONGEST && /^[A-Za-z0-9_-]+$/.test(cursor)
  const text = isOurs ? Buffer.from(cursor, 'base64url').toString('utf8') : ''
  if (text.startsWith(`${kind}:`)) return text.slice(kind.length + 1)
  throw new GatewayError('BAD_USER_INPUT', 'after must be a cursor of an earlier page of the same list.')
}
