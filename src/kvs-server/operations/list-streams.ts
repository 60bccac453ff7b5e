import type { Operation } from '../wire/operation.js'
import { STREAM_NAME } from '../wire/selectors.js'
import { toStreamInfo } from '../wire/stream-info.js'
import {
  parseOptionalEnum,
  parseOptionalInteger,
  parseOptionalString,
  parseOptionalStructure,
  parseString,
  refuse,
  type WireInput,
} from '../wire/wire-input.js'
import type { KvsServices } from './kvs-services.js'

interface Input {
  readonly limit: number
  readonly afterName: string | null
  readonly namePrefix: string | null
}

const LIMIT = { min: 1, max: 10_000 }
const TOKEN = { min: 0, max: 1024, pattern: /^[a-zA-Z0-9+/=]*$/ }

export const listStreams: Operation<Input, Pick<KvsServices, 'streams'>> = {
  name: 'ListStreams',
  parse: (input) => ({
    limit: parseOptionalInteger(input, 'MaxResults', LIMIT) ?? LIMIT.max,
    afterName: parseToken(input),
    namePrefix: parseNamePrefix(input),
  }),
  run({ limit, afterName, namePrefix }, { streams }) {
    const found = streams.list({ afterName, namePrefix, limit: limit + 1 })
    const page = found.slice(0, limit)
    const last = page.at(-1)
    return {
      NextToken: found.length > limit && last !== undefined ? encodeToken(last.name) : null,
      StreamInfoList: page.map(toStreamInfo),
    }
  },
}

function parseNamePrefix(input: WireInput): string | null {
  const condition = parseOptionalStructure(input, 'StreamNameCondition')
  if (condition === null) return null
  parseOptionalEnum(condition, 'ComparisonOperator', ['BEGINS_WITH'])
  return parseOptionalString(condition, 'ComparisonValue', STREAM_NAME)
}

/** A token contains the last name of its page, so pages stay correct while streams are created and deleted. */
function encodeToken(name: string): string {
  return Buffer.from(JSON.stringify({ after: name })).toString('base64')
}

function parseToken(input: WireInput): string | null {
  const token = parseOptionalString(input, 'NextToken', TOKEN)
  if (token === null || token === '') return null
  return parseString(decodeToken(token) ?? refuse('NextToken', 'a token of the answer before', token), 'after', STREAM_NAME)
}

function decodeToken(token: string): WireInput | null {
  const match = /^\{"after":"([a-zA-Z0-9_.-]+)"\}$/.exec(Buffer.from(token, 'base64').toString())
  return match === null ? null : { after: match[1] }
}
