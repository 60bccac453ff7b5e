import { Kind, print, type ValueNode } from 'graphql'

const LONGEST_QUOTE = 64

/** A refused value as an error message may show it: short, however long it was. */
export function quoteInput(value: unknown): string {
  if (typeof value === 'string') {
    return value.length > LONGEST_QUOTE
      ? `${JSON.stringify(value.slice(0, LONGEST_QUOTE))}… (${value.length} characters)`
      : JSON.stringify(value)
  }
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value)
  return Array.isArray(value) ? 'a list' : 'an object'
}

/** The same of a literal in a document: as it was written. */
export function quoteLiteral(node: ValueNode): string {
  if (node.kind === Kind.STRING) return quoteInput(node.value)
  const text = print(node).replace(/\s+/g, ' ')
  return text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}… (${text.length} characters)` : text
}
