import { DescribeStreamCommand, ListStreamsCommand, ListTagsForStreamCommand } from '@aws-sdk/client-kinesis-video'
import { LRUCache } from 'lru-cache'
import { GatewayError } from '../domain/errors.js'
import { isStreamArn, type StreamRef, toStreamName } from '../domain/stream-ref.js'
import type { Clock } from '../lib/clock.js'
import { mapConcurrently } from '../lib/map-concurrently.js'
import { AnswerFields, malformedAnswer } from './answer-fields.js'
import { type AwsCalls, SharedCalls } from './aws-calls.js'
import { awsExceptionOf, toGatewayError } from './aws-errors.js'
import type { StreamCatalog, StreamDescription } from './ports.js'
import { StreamListing } from './stream-listing.js'

const CACHE_MS = 5_000
const MAX_CACHED = 20_000
/** Tags rarely change, and ListTagsForStream has a quota of 5 calls a second for each stream (kvs facts, 6.1). */
const TAGS_CACHE_MS = 60_000
/** Characters of all cached tags: enough for some thousand streams with the maximum number of tags. */
const MAX_TAG_CHARACTERS = 16_000_000
/** Listings are cached by prefix. Their size is counted in streams. */
const MAX_LISTED_STREAMS = 200_000
/** Up to this number, DescribeStream calls cost less than listing a page of 10,000 streams. */
const MAX_DESCRIBED = 5
const CONCURRENT_DESCRIPTIONS = 16
/** More pages than any account has. Limits the calls when NextToken is broken. */
const MAX_PAGES = 1_000
const MAX_TOKEN_CHARACTERS = 16_384
const MAX_TEXT = 1024
/** Twenty times the maximum of a stream. */
const MAX_TAGS = 1_000
/** Ten times the documented maximum. */
const MAX_RETENTION_HOURS = 876_000
const STATUSES = ['CREATING', 'ACTIVE', 'UPDATING', 'DELETING'] as const
type TagRow = { readonly key: string; readonly value: string }

export class AwsStreamCatalog implements StreamCatalog {
  readonly #described: LRUCache<string, StreamDescription>
  readonly #listed: LRUCache<string, StreamListing>
  readonly #descriptions = new SharedCalls<StreamDescription | null>('DescribeStream')
  readonly #listings = new SharedCalls<StreamListing>('ListStreams')
  readonly #tagged: LRUCache<string, readonly TagRow[]>
  readonly #tagListings = new SharedCalls<readonly TagRow[] | null>('ListTagsForStream')

  constructor(
    private readonly calls: AwsCalls,
    /** False for the embedded server, which ignores the Region. */
    private readonly isRegional: boolean,
    clock: Clock,
  ) {
    const timed = { perf: clock, ttlResolution: 0 }
    this.#described = new LRUCache({ max: MAX_CACHED, ttl: CACHE_MS, ...timed })
    this.#listed = new LRUCache({
      maxSize: MAX_LISTED_STREAMS,
      sizeCalculation: ({ streams }) => streams.length + 1,
      ttl: CACHE_MS,
      ...timed,
    })
    this.#tagged = new LRUCache({ maxSize: MAX_TAG_CHARACTERS, sizeCalculation: countCharacters, ttl: TAGS_CACHE_MS, ...timed })
  }

  async find(stream: StreamRef, signal: AbortSignal): Promise<StreamDescription | null> {
    return this.#described.get(toKey(stream)) ?? (await this.describe(stream, signal))
  }

  /** Calls DescribeStream regardless of the cache. Null when the stream does not exist. */
  describe(stream: StreamRef, signal: AbortSignal): Promise<StreamDescription | null> {
    return this.#descriptions.run(toKey(stream), (shared) => this.#describe(stream, shared), signal)
  }

  async findSuccessor({ name, arn }: Pick<StreamDescription, 'name' | 'arn'>, signal: AbortSignal): Promise<StreamDescription | null> {
    this.#described.delete(toKey({ arn }))
    const current = await this.describe({ name }, signal)
    if (current === null) this.#described.delete(toKey({ name }))
    return current === null || current.arn === arn ? null : current
  }

  async findMany(streams: readonly StreamRef[], signal: AbortSignal): Promise<(StreamDescription | null | Error)[]> {
    const unknown = new Set(streams.map(toKey).filter((key) => this.#described.get(key) === undefined))
    const listing = unknown.size > MAX_DESCRIBED ? await this.#findListing(signal) : null
    return mapConcurrently(streams, CONCURRENT_DESCRIPTIONS, async (stream) => {
      const listed = listing?.find(stream)
      // A stream that is not listed may be new: DescribeStream finds it earlier than ListStreams.
      return listed ?? this.find(stream, signal).catch((error: unknown) => toGatewayError(error, 'DescribeStream'))
    })
  }

  async list(
    { namePrefix = '', afterName, limit }: { readonly namePrefix?: string; readonly afterName?: string; readonly limit: number },
    signal: AbortSignal,
  ): Promise<{ readonly streams: readonly StreamDescription[]; readonly hasMore: boolean }> {
    const listing = await this.#list(namePrefix, signal)
    return listing.page(afterName, limit)
  }

  async tags(stream: StreamRef, signal: AbortSignal): Promise<readonly TagRow[] | null> {
    const key = toKey(stream)
    const cached = this.#tagged.get(key)
    if (cached !== undefined) return cached
    return this.#tagListings.run(key, (shared) => this.#listTags(stream, shared), signal)
  }

  async #describe(stream: StreamRef, signal: AbortSignal): Promise<StreamDescription | null> {
    const request = new DescribeStreamCommand(toInput(stream))
    const answer = await this.#request('DescribeStream', () => this.calls.clients.control.send(request, { abortSignal: signal }), signal)
    if (answer === null) await this.#refuseOtherRegion(stream)
    const description = answer === null ? null : toDescription(answer.StreamInfo, 'DescribeStream')
    if (description !== null) this.#cache(description)
    return description
  }

  /** A stream of another Region is not found. The error must say so, instead of that the stream does not exist. */
  async #refuseOtherRegion(stream: StreamRef): Promise<void> {
    if (!this.isRegional || !('arn' in stream)) return
    const [own, other] = [await this.calls.clients.control.config.region(), stream.arn.split(':')[3]]
    if (own === other) return
    throw new GatewayError(
      'NOT_FOUND',
      `The stream is in the Region ${other}, but this gateway uses ${own}. Use a gateway whose AWS_REGION is ${other}.`,
    )
  }

  #cache(description: StreamDescription): void {
    this.#described.set(toKey({ name: description.name }), description)
    this.#described.set(toKey({ arn: description.arn }), description)
  }

  /** Lists all streams. Null without the permission for ListStreams, which needs its own policy (kvs facts, 7.1). */
  async #findListing(signal: AbortSignal): Promise<StreamListing | null> {
    try {
      return await this.#list('', signal)
    } catch (error) {
      if (error instanceof GatewayError && error.code === 'KVS_ACCESS_DENIED') return null
      throw error
    }
  }

  async #list(namePrefix: string, signal: AbortSignal): Promise<StreamListing> {
    const cached = this.#listed.get(namePrefix)
    if (cached !== undefined) return cached
    return this.#listings.run(namePrefix, (shared) => this.#listAll(namePrefix, shared), signal)
  }

  /** Reads all pages and sorts them, because Kinesis Video guarantees no order and cannot start after a given name. */
  async #listAll(namePrefix: string, signal: AbortSignal): Promise<StreamListing> {
    const streams: StreamDescription[] = []
    const condition =
      namePrefix === '' ? {} : { StreamNameCondition: { ComparisonOperator: 'BEGINS_WITH' as const, ComparisonValue: namePrefix } }
    await this.#readPages('ListStreams', async (NextToken) => {
      const request = new ListStreamsCommand({ ...condition, ...(NextToken === undefined ? {} : { NextToken }) })
      const page = await this.#request('ListStreams', () => this.calls.clients.control.send(request, { abortSignal: signal }), signal)
      if (page === null) return null
      const fields = new AnswerFields(page, 'ListStreams')
      for (const info of fields.list('StreamInfoList')) streams.push(toDescription(info, 'ListStreams'))
      if (streams.length > MAX_LISTED_STREAMS) throw endless('ListStreams')
      return fields.optionalText('NextToken', MAX_TOKEN_CHARACTERS)
    })
    const listing = new StreamListing(streams)
    this.#listed.set(namePrefix, listing)
    return listing
  }

  async #listTags(stream: StreamRef, signal: AbortSignal): Promise<readonly TagRow[] | null> {
    const tags = new Map<string, string>()
    let isThere = true
    await this.#readPages('ListTagsForStream', async (NextToken) => {
      const request = new ListTagsForStreamCommand({ ...toInput(stream), ...(NextToken === undefined ? {} : { NextToken }) })
      const page = await this.#request('ListTagsForStream', () => this.calls.clients.control.send(request, { abortSignal: signal }), signal)
      isThere = page !== null
      if (page === null) return null
      const fields = new AnswerFields(page, 'ListTagsForStream')
      for (const [key, value] of fields.texts('Tags', MAX_TEXT)) tags.set(key, value)
      if (tags.size > MAX_TAGS) throw endless('ListTagsForStream')
      return fields.optionalText('NextToken', MAX_TOKEN_CHARACTERS)
    })
    if (!isThere) return null
    const rows = [...tags].map(([key, value]) => ({ key, value })).sort((a, b) => (a.key < b.key ? -1 : 1))
    this.#tagged.set(toKey(stream), rows)
    return rows
  }

  /** Reads pages until there is no token. Fails when a token repeats or the pages do not end, which is an error of the service. */
  async #readPages(operation: string, readPage: (token: string | undefined) => Promise<string | null>): Promise<void> {
    let token: string | undefined
    for (let pages = 0; pages < MAX_PAGES; pages += 1) {
      const next = await readPage(token)
      if (next === null) return
      if (next === token) break
      token = next
    }
    throw endless(operation)
  }

  /** Null when the stream does not exist. */
  async #request<Answer>(operation: string, send: () => Promise<Answer>, signal: AbortSignal): Promise<Answer | null> {
    try {
      return await this.calls.request(operation, send, signal)
    } catch (error) {
      if (awsExceptionOf(error)?.name === 'ResourceNotFoundException') return null
      throw error
    }
  }
}

/** Each entry counts more than its text, because a stream without tags takes memory too. */
function countCharacters(rows: readonly TagRow[]): number {
  return rows.reduce((sum, { key, value }) => sum + key.length + value.length + 100, 100)
}

function toKey(stream: StreamRef): string {
  return 'arn' in stream ? stream.arn : `name ${stream.name}`
}

function toInput(stream: StreamRef): { StreamARN: string } | { StreamName: string } {
  return 'arn' in stream ? { StreamARN: stream.arn } : { StreamName: stream.name }
}

function endless(operation: string): GatewayError {
  return new GatewayError('KVS_UNAVAILABLE', `The pages of ${operation} from Kinesis Video do not end.`)
}

function toDescription(info: unknown, operation: string): StreamDescription {
  const fields = new AnswerFields(info, operation)
  const arn = fields.text('StreamARN', { maxLength: 1024 })
  if (!isStreamArn(arn)) throw malformedAnswer(operation, 'an ARN that is not the ARN of a stream')
  return {
    name: fields.optionalText('StreamName', 256) ?? toStreamName(arn),
    arn,
    status: fields.oneOf('Status', STATUSES),
    mediaType: fields.optionalText('MediaType', MAX_TEXT),
    deviceName: fields.optionalText('DeviceName', MAX_TEXT),
    kmsKeyId: fields.optionalText('KmsKeyId', 2048),
    version: fields.optionalText('Version', MAX_TEXT) ?? '',
    createdAtMs: fields.epochMs('CreationTime'),
    dataRetentionInHours: fields.count('DataRetentionInHours', MAX_RETENTION_HOURS),
  }
}
