import { GraphQLError, GraphQLScalarType, Kind } from 'graphql'
import { readLiteral } from './literal-place.js'
import { quoteInput, quoteLiteral } from './quote-input.js'

const LONGEST = 4096

/** Only http and https: nothing that the gateway hands out or takes in is anything else. */
export const UrlScalar = new GraphQLScalarType<string, string>({
  name: 'URL',
  description: 'An absolute http or https URL (WHATWG URL Standard), at most 4,096 characters.',
  specifiedByURL: 'https://url.spec.whatwg.org/',
  parseValue: (value) => parseUrl(value),
  parseLiteral: (node) => readLiteral(node, () => parseUrl(node.kind === Kind.STRING ? node.value : null, quoteLiteral(node))),
  serialize: (value) => parseUrl(value),
})

function parseUrl(value: unknown, given = quoteInput(value)): string {
  const url = typeof value === 'string' && value.length <= LONGEST ? URL.parse(value) : null
  if (typeof value !== 'string' || !url || !/^https?:$/.test(url.protocol)) {
    throw new GraphQLError(`URL must be an absolute http or https URL of at most ${LONGEST} characters; got ${given}.`)
  }
  return value
}
