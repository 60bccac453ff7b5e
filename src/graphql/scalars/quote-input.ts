import { Kind, print, type ValueNode } from 'graphql'

const MAX_QUOTED_CHARACTERS = 64

/** An invalid value for an error message, shortened when it is long. */
export function quoteInput(value: unknown): string {
  if (typeof value === 'string') {
    return value.length > MAX_QUOTED_CHARACTERS
      ? `${JSON.stringify(value.slice(0, MAX_QUOTED_CHARACTERS))}… (${value.length} characters)`
      : JSON.stringify(value)
  }
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value)
  return Array.isArray(value) ? 'a list' : 'an object'
}

/** The same for a literal in a document, as the client wrote it. */
export function quoteLiteral(node: ValueNode): string {
  if (node.kind === Kind.STRING) return quoteInput(node.value)
  const text = print(node).replace(/\s+/g, ' ')
  return text.length > MAX_QUOTED_CHARACTERS ? `${text.slice(0, MAX_QUOTED_CHARACTERS)}… (${text.length} characters)` : text
}
