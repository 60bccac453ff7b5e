import { GraphQLError, Kind } from 'graphql'
import { createScalar } from './create-scalar.js'

/** 0 to 2^53 - 1, which JSON numbers represent exactly. GraphQL's Int ends at 2^31 - 1. */
function wholeNumberScalar(name: string, description: string) {
  return createScalar<number>({
    name,
    description,
    literal: Kind.INT,
    parse(value, given) {
      if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
      throw new GraphQLError(`${name} must be a whole number from 0 to ${Number.MAX_SAFE_INTEGER}; got ${given}.`)
    },
  })
}

export const ByteCountScalar = wholeNumberScalar('ByteCount', 'A whole number of bytes, from 0 to 2^53 - 1.')
export const MillisecondsScalar = wholeNumberScalar('Milliseconds', 'A whole number of milliseconds, from 0 to 2^53 - 1.')
