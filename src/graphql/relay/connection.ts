import { GatewayError } from '../../domain/errors.js'
import type { PageInfoType } from './connection.type.js'

export interface Connection<Node> {
  readonly edges: readonly { readonly cursor: string; readonly node: Node }[]
  readonly nodes: readonly Node[]
  readonly pageInfo: PageInfoType
}

export interface Page<Node> {
  readonly nodes: readonly Node[]
  readonly hasNextPage: boolean
  readonly hasPreviousPage: boolean
}

export function toConnection<Node>(
  { nodes, hasNextPage, hasPreviousPage }: Page<Node>,
  toCursor: (node: Node) => string,
): Connection<Node> {
  const edges = nodes.map((node) => ({ cursor: toCursor(node), node }))
  const pageInfo = { hasNextPage, hasPreviousPage, startCursor: edges[0]?.cursor ?? null, endCursor: edges.at(-1)?.cursor ?? null }
  return { edges, nodes, pageInfo }
}

/** The page limit of ListStreams and ListFragments. */
const MAX_PAGE = 1000

export function checkFirst(first: number): void {
  if (first >= 1 && first <= MAX_PAGE) return
  throw new GatewayError('BAD_USER_INPUT', `first must be from 1 to ${MAX_PAGE}, got ${first}.`)
}

const MAX_CURSOR_CHARACTERS = 1024

/** `kind` names the list, so that a cursor of another list is refused. */
export function toCursor(kind: string, position: string): string {
  return Buffer.from(`${kind}:${position}`, 'utf8').toString('base64url')
}

/** Returns the position that `toCursor` received. @throws GatewayError BAD_USER_INPUT for a cursor of another list */
export function parseCursor(kind: string, cursor: string): string {
  const isBase64 = cursor.length <= MAX_CURSOR_CHARACTERS && /^[A-Za-z0-9_-]+$/.test(cursor)
  const text = isBase64 ? Buffer.from(cursor, 'base64url').toString('utf8') : ''
  if (!text.startsWith(`${kind}:`)) throw invalidCursor()
  return text.slice(kind.length + 1)
}

export function invalidCursor(): GatewayError {
  return new GatewayError('BAD_USER_INPUT', 'after must be a cursor of an earlier page of the same list.')
}
