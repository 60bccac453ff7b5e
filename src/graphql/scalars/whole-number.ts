import { GraphQLError, GraphQLScalarType, Kind } from 'graphql'
import { readLiteral } from './literal-place.js'
import { quoteInput, quoteLiteral } from './quote-input.js'

/** A scalar of whole numbers from 0 to 2^53 - 1: what JSON and JavaScript carry exactly, where GraphQL's Int ends at 2^31 - 1. */
function wholeNumberScalar(name: string, description: string): GraphQLScalarType<number, number> {
  const parse = (value: unknown, given = quoteInput(value)): number => {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
    throw new GraphQLError(`${name} must be a whole number from 0 to ${Number.MAX_SAFE_INTEGER}; got ${given}.`)
  }
  return new GraphQLScalarType<number, number>({
    name,
    description,
    parseValue: (value) => parse(value),
    parseLiteral: (node) => readLiteral(node, () => parse(node.kind === Kind.INT ? Number(node.value) : null, quoteLiteral(node))),
    serialize: (value) => parse(value),
  })
}

export const ByteCountScalar = wholeNumberScalar('ByteCount', 'A whole number of bytes, from 0 to 2^53 - 1.')
export const MillisecondsScalar = wholeNumberScalar('Milliseconds', 'A whole number of milliseconds, from 0 to 2^53 - 1.')
