import type { PageInfoType } from './page-info.type.js'

/** A page of a Relay connection. */
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
