import { ListFragmentsCommand } from '@aws-sdk/client-kinesis-video-archived-media'
import { GatewayError } from '../domain/errors.js'
import { KVS_LIMITS } from '../domain/limits.js'
import { type ListedFragment, toPlayingOrder } from '../domain/listed-fragment.js'
import type { FragmentSelectorType } from '../domain/time-range.js'
import { AnswerFields } from './answer-fields.js'
import { SharedCalls } from './aws-calls.js'
import type { AwsDataCalls } from './aws-data-calls.js'
import { awsExceptionOf } from './aws-errors.js'
import type { AwsStreamCatalog } from './aws-streams.js'
import { type FragmentLister, type FragmentQuery, TooManyFragments } from './ports.js'

const OPERATION = 'ListFragments'
/** A day at five fragments a second, the maximum of PutMedia. */
const MAX_FRAGMENTS = 432_000
/** The service may send pages with few or no rows. A listing of nothing but such pages is abandoned. */
const SPARE_PAGES = 100
const MAX_TOKEN_CHARACTERS = 16_384
/** Far beyond the limits of PutMedia, 20 s and 50 MB. */
const MAX_LENGTH_MS = 86_400_000
const MAX_SIZE_BYTES = 1_073_741_824

/** Reads all pages of ListFragments. The page size follows what the caller expects, because the quota counts the requested rows (kvs facts, 3.3). */
export class AwsFragmentLister implements FragmentLister {
  readonly #listings = new SharedCalls<readonly ListedFragment[]>(OPERATION)

  constructor(
    private readonly data: AwsDataCalls,
    private readonly streams: AwsStreamCatalog,
  ) {}

  list(query: FragmentQuery, signal: AbortSignal): Promise<readonly ListedFragment[]> {
    const { streamArn, fragmentSelectorType, range, expected, atMost } = query
    const key = [streamArn, fragmentSelectorType, range.startMs, range.endMs, expected, atMost].join(' ')
    return this.#listings.run(key, (shared) => this.#listAll(query, shared), signal)
  }

  async #listAll(query: FragmentQuery, signal: AbortSignal): Promise<readonly ListedFragment[]> {
    const rows: ListedFragment[] = []
    try {
      await this.#readPages(query, rows, signal)
    } catch (error) {
      await this.#refuseUnlessEmpty(error, query, signal)
    }
    return sortFragments(rows, query.fragmentSelectorType)
  }

  async #readPages(query: FragmentQuery, rows: ListedFragment[], signal: AbortSignal): Promise<void> {
    const atMost = Math.min(query.atMost ?? MAX_FRAGMENTS, MAX_FRAGMENTS)
    let pageSize = toPageSize(query)
    let token: string | undefined
    const maxPages = Math.ceil(atMost / pageSize) + SPARE_PAGES
    for (let pages = 0; pages < maxPages; pages += 1) {
      const fields = new AnswerFields(await this.#readPage(query, { pageSize, token }, signal), OPERATION)
      const page = fields.list('Fragments').map(toFragmentInfo)
      for (const row of page) rows.push(row)
      const next = fields.optionalText('NextToken', MAX_TOKEN_CHARACTERS)
      if (rows.length > atMost) throw new TooManyFragments(atMost, sortFragments(rows, query.fragmentSelectorType))
      if (next === null) return
      if (next === token) break
      token = next
      // There are more fragments than expected. A larger page saves calls, but its last page can waste points.
      if (page.length >= pageSize) pageSize = toPageSize({ ...query, expected: 2 * pageSize })
    }
    throw new GatewayError('KVS_UNAVAILABLE', `The pages of ${OPERATION} from Kinesis Video do not end.`)
  }

  #readPage(query: FragmentQuery, { pageSize, token }: { pageSize: number; token: string | undefined }, signal: AbortSignal) {
    const { streamArn, fragmentSelectorType, range } = query
    const request = new ListFragmentsCommand({
      StreamARN: streamArn,
      MaxResults: pageSize,
      FragmentSelector: {
        FragmentSelectorType: fragmentSelectorType,
        TimestampRange: { StartTimestamp: new Date(range.startMs), EndTimestamp: new Date(range.endMs) },
      },
      ...(token === undefined ? {} : { NextToken: token }),
    })
    return this.data.run(
      {
        operation: OPERATION,
        endpoint: { streamArn, api: 'LIST_FRAGMENTS' },
        cost: { media: 0, metadata: pageSize },
        request: (client) => client.send(request, { abortSignal: signal }),
      },
      signal,
    )
  }

  /** A range outside the retention period has no footage. A 404 may mean the stream or the footage (kvs facts, 11.8). */
  async #refuseUnlessEmpty(error: unknown, { streamArn }: FragmentQuery, signal: AbortSignal): Promise<void> {
    const exception = awsExceptionOf(error)
    if (exception?.name === 'InvalidArgumentException' && /outside of the stream retention/i.test(exception.message)) return
    if (exception?.name !== 'ResourceNotFoundException') throw error
    const stream = await this.streams.describe({ arn: streamArn }, signal)
    if (stream === null) throw new GatewayError('NOT_FOUND', 'The stream does not exist.', {}, { cause: error })
  }
}

/** By default, one fragment a second, the shortest that AWS recommends. */
function toPageSize({ expected, atMost, range }: FragmentQuery): number {
  const guess = expected ?? Math.ceil((range.endMs - range.startMs) / 1000) + 2
  const wanted = atMost === undefined ? guess : Math.min(guess, atMost + 1)
  return Math.max(1, Math.min(KVS_LIMITS.maxFragmentsPerPage, Math.ceil(wanted)))
}

function toFragmentInfo(row: unknown): ListedFragment {
  const fields = new AnswerFields(row, OPERATION)
  return {
    fragmentNumber: fields.text('FragmentNumber', { pattern: /^\d{1,128}$/, maxLength: 128 }),
    producerTimestampMs: fields.epochMs('ProducerTimestamp'),
    serverTimestampMs: fields.epochMs('ServerTimestamp'),
    lengthMs: fields.count('FragmentLengthInMilliseconds', MAX_LENGTH_MS),
    sizeBytes: fields.count('FragmentSizeInBytes', MAX_SIZE_BYTES),
  }
}

/** Removes duplicates. ListFragments guarantees no order, also across pages (kvs facts, 3.3). */
function sortFragments(fragments: readonly ListedFragment[], selector: FragmentSelectorType): readonly ListedFragment[] {
  return toPlayingOrder([...new Map(fragments.map((fragment) => [fragment.fragmentNumber, fragment])).values()], selector)
}
