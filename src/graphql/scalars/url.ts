import { GraphQLError, Kind } from 'graphql'
import { createScalar } from './create-scalar.js'

const MAX_CHARACTERS = 4096

export const UrlScalar = createScalar<string>({
  name: 'URL',
  description: 'An absolute http or https URL (WHATWG URL Standard), at most 4,096 characters.',
  specifiedByURL: 'https://url.spec.whatwg.org/',
  literal: Kind.STRING,
  parse(value, given) {
    const url = typeof value === 'string' && value.length <= MAX_CHARACTERS ? URL.parse(value) : null
    if (typeof value === 'string' && url && /^https?:$/.test(url.protocol)) return value
    throw new GraphQLError(`URL must be an absolute http or https URL of at most ${MAX_CHARACTERS} characters; got ${given}.`)
  },
})
