// The registry: every operation of the three services that this server answers, by path.

import type { KvsServices } from './kvs-services.js'
import type { Call, MediaAnswer, Operation, WireInput } from './operation.js'
import { getDataEndpoint } from './operations/get-data-endpoint.js'

/** An operation whose input's type is its own affair. */
export interface ServedOperation {
  readonly name: string
  readonly path: string
  /** Refuses a bad input at once; what it returns then does the work. */
  readonly accept: (input: WireInput) => (services: KvsServices, call: Call) => Promise<object | MediaAnswer> | object | MediaAnswer
}

function serve<Input>(operation: Operation<Input, KvsServices>): ServedOperation {
  return {
    name: operation.name,
    path: pathOf(operation.name),
    accept: (body) => {
      const input = operation.parse(body)
      return (services, call) => operation.run(input, services, call)
    },
  }
}

const CAPITAL_PATHS: readonly string[] = ['TagResource', 'UntagResource', 'ListTagsForResource']

export function pathOf(name: string): string {
  return CAPITAL_PATHS.includes(name) ? `/${name}` : `/${name.charAt(0).toLowerCase()}${name.slice(1)}`
}

export const servedOperations: readonly ServedOperation[] = [serve(getDataEndpoint)]

/** Operations that answer with media rather than JSON: their bytes are counted. */
export const MEDIA_OPERATIONS: readonly string[] = ['GetClip', 'GetMedia', 'GetMediaForFragmentList']
