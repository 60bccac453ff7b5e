import type { StreamSelector } from '../archive/stream-table.js'
import { TAGS_PER_STREAM } from '../archive/tag-table.js'
import { AwsException } from './aws-exception.js'
import { parseStreamSelector, RESOURCE_ARN } from './selectors.js'
import {
  isStructure,
  parseList,
  parseOptionalString,
  parseOptionalStructure,
  parseString,
  parseStructure,
  parseText,
  refuse,
  type StringRule,
  type WireInput,
} from './wire-input.js'

const TAG_KEY: StringRule = { min: 1, max: 128, pattern: /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u }
const TAG_VALUE: StringRule = { min: 0, max: 256, pattern: /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u }
const LIST = { min: 1, max: TAGS_PER_STREAM }

export function refuseTooManyTags(count: number): void {
  if (count <= TAGS_PER_STREAM) return
  const text = `A stream has at most ${TAGS_PER_STREAM} tags (it would have ${count})`
  throw new AwsException('TagsPerResourceExceededLimitException', text)
}

/** TagStream and its siblings have their own exception for an invalid ARN. */
export function parseTaggedStream(input: WireInput): StreamSelector {
  const { StreamARN } = input
  if (typeof StreamARN === 'string' && RESOURCE_ARN.pattern?.test(StreamARN) === false) {
    throw new AwsException('InvalidResourceFormatException', 'The format of the StreamARN is invalid.')
  }
  return parseStreamSelector(input)
}

/** A resource is always a stream here. The ARN of a signaling channel is not found. */
export function parseTaggedResource(input: WireInput): StreamSelector {
  return { name: null, arn: parseString(input, 'ResourceARN', RESOURCE_ARN) }
}

export function parseTagMap(input: WireInput): ReadonlyMap<string, string> {
  return toTags(parseStructure(input, 'Tags'))
}

export function parseOptionalTagMap(input: WireInput): ReadonlyMap<string, string> {
  const tags = parseOptionalStructure(input, 'Tags')
  return tags === null || Object.keys(tags).length === 0 ? new Map() : toTags(tags)
}

export function parseTagList(input: WireInput): ReadonlyMap<string, string> {
  if (Array.isArray(input.Tags)) refuseTooManyTags(input.Tags.length)
  const tags = parseList(input, 'Tags', LIST).map((tag) => {
    if (!isStructure(tag)) return refuse('Tags', 'a list of {Key, Value}', tag)
    return [parseString(tag, 'Key', TAG_KEY), parseString(tag, 'Value', TAG_VALUE)] as const
  })
  return new Map(tags)
}

export function parseTagKeys(input: WireInput): readonly string[] {
  return parseList(input, 'TagKeyList', LIST).map((key) => parseText(key, 'TagKeyList', TAG_KEY))
}

/** The tags of a stream fit one page, so the server never issues a token. */
export function refuseTagToken(input: WireInput): void {
  const token = parseOptionalString(input, 'NextToken')
  if (token !== null && token !== '') refuse('NextToken', 'a token of the answer before', token)
}

function toTags(map: WireInput): ReadonlyMap<string, string> {
  const entries = Object.entries(map)
  if (entries.length < LIST.min) refuse('Tags', `a map of ${LIST.min} to ${LIST.max} tags`, `${entries.length} tags`)
  refuseTooManyTags(entries.length)
  return new Map(entries.map(([key, value]) => [parseText(key, 'a tag key', TAG_KEY), parseText(value, 'a tag value', TAG_VALUE)]))
}
