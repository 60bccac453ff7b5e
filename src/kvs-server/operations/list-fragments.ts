import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { at } from '../../lib/at.js'
import type { EpochMs } from '../../lib/clock.js'
import { type FragmentRange, retainedSince } from '../archive/archive.js'
import type { ArchivedFragment } from '../archive/archived-fragment.js'
import type { FragmentCursor } from '../archive/fragment-index.js'
import { cursorAt } from '../archive/fragment-walk.js'
import type { StreamRecord } from '../archive/stream-record.js'
import type { StreamSelector } from '../archive/stream-table.js'
import { refuseOutsideRetention } from '../clip/clip-selection.js'
import { AwsException } from '../wire/aws-exception.js'
import type { Operation } from '../wire/operation.js'
import { parseFragmentSelector, parseStreamSelector } from '../wire/selectors.js'
import { parseOptionalInteger, parseOptionalString, parseOptionalStructure } from '../wire/wire-input.js'
import { WireTimestamp } from '../wire/wire-json.js'
import type { KvsServices } from './kvs-services.js'
import { getStream } from './stream-checks.js'

interface Input {
  readonly stream: StreamSelector
  readonly range: FragmentRange | null
  readonly nextToken: string | null
  readonly maxResults: number
}

type Services = Pick<KvsServices, 'streams' | 'archive' | 'clock' | 'quotas' | 'listDelayMs'>

const DEFAULT_RESULTS = 100
const MOST_RESULTS = 1000
const TOKEN = { min: 1, max: 4096, pattern: /^[a-zA-Z0-9+/]+={0,2}$/ }

/** The fragments that start in a range. The service does not guarantee an order; here it is that of the requested clock. */
export const listFragments: Operation<Input, Services> = {
  name: 'ListFragments',
  parse(input) {
    const selector = parseOptionalStructure(input, 'FragmentSelector')
    const nextToken = parseOptionalString(input, 'NextToken', TOKEN)
    if (selector === null && nextToken === null) {
      throw new AwsException('InvalidArgumentException', 'FragmentSelector is required unless NextToken is given')
    }
    return {
      stream: parseStreamSelector(input),
      range: selector === null ? null : parseFragmentSelector(selector),
      nextToken,
      maxResults: parseOptionalInteger(input, 'MaxResults', { min: 1, max: MOST_RESULTS }) ?? DEFAULT_RESULTS,
    }
  },
  run(input, { streams, archive, clock, quotas, listDelayMs }) {
    const stream = getStream(streams, input.stream)
    const now = clock.now()
    const { range, after } = toPage(input, stream, now)
    checkRange(stream, range, now)
    // The quota counts the requested number, not the returned one.
    quotas.charge(stream.id, { metadata: input.maxResults })
    const rows = archive.list(stream, range, { limit: input.maxResults + 1, after, delayMs: listDelayMs(stream.name) })
    const page = rows.slice(0, input.maxResults)
    const last = rows.length > page.length ? page.at(-1) : undefined
    return {
      Fragments: page.map(toWire),
      NextToken: last === undefined ? null : sealPage({ streamId: stream.id, range, after: cursorAt(last, range.clock) }, now),
    }
  },
}

/** A token contains its query. A selector beside it must be equal. */
function toPage({ range, nextToken }: Input, stream: StreamRecord, now: EpochMs): { range: FragmentRange; after: FragmentCursor | null } {
  if (nextToken === null) {
    if (range === null) throw new AwsException('InvalidArgumentException', 'FragmentSelector is required')
    return { range, after: null }
  }
  const page = openPage(nextToken, now)
  if (page === null) throw new AwsException('InvalidArgumentException', 'NextToken is invalid or has expired')
  if (page.streamId !== stream.id || (range !== null && !isSameRange(range, page.range))) {
    throw new AwsException('InvalidArgumentException', 'NextToken belongs to another query')
  }
  return page
}

function checkRange(stream: StreamRecord, { clock, startMs, endMs }: FragmentRange, now: EpochMs): void {
  if (endMs < startMs) {
    throw new AwsException('InvalidArgumentException', `End timestamp ${endMs} must not be earlier than start timestamp ${startMs}.`)
  }
  const isExpired = clock === 'server' && stream.dataRetentionInHours > 0 && endMs < retainedSince(stream, now)
  if (isExpired) refuseOutsideRetention('End', endMs)
}

function isSameRange(a: FragmentRange, b: FragmentRange): boolean {
  return a.clock === b.clock && a.startMs === b.startMs && a.endMs === b.endMs
}

function toWire({ fragmentNumber, sizeBytes, producerTimestampMs, serverTimestampMs, lengthMs }: ArchivedFragment): object {
  return {
    FragmentLengthInMilliseconds: lengthMs,
    FragmentNumber: fragmentNumber,
    FragmentSizeInBytes: sizeBytes,
    ProducerTimestamp: new WireTimestamp(producerTimestampMs),
    ServerTimestamp: new WireTimestamp(serverTimestampMs),
  }
}

/** The position where a list continues, and its query. */
export interface FragmentPage {
  readonly streamId: number
  readonly range: FragmentRange
  readonly after: FragmentCursor
}

/** A token is valid for an hour. */
const LIFETIME_MS = 3_600_000
const FORM = 'kvs1'
const SEAL_BYTES = 16
/** A key of this process. A restart invalidates all tokens. */
const key = randomBytes(32)

/** Base64 without URL characters, as the model's pattern has it. */
export function sealPage({ streamId, range, after }: FragmentPage, now: EpochMs): string {
  const fields = [FORM, streamId, range.clock, range.startMs, range.endMs, after.timestampMs, after.sequence, now + LIFETIME_MS]
  const text = Buffer.from(fields.join(' '))
  return Buffer.concat([seal(text), text]).toString('base64')
}

/** Null for a token that this server did not seal, or that has expired. */
export function openPage(token: string, now: EpochMs): FragmentPage | null {
  const bytes = Buffer.from(token, 'base64')
  const text = bytes.subarray(SEAL_BYTES)
  if (bytes.length <= SEAL_BYTES || !timingSafeEqual(seal(text), bytes.subarray(0, SEAL_BYTES))) return null
  const [, streamId, clock, ...numbers] = text.toString().split(' ')
  // In the order in which `sealPage` has them.
  const numberAt = (index: number) => Number(at(numbers, index))
  if (numberAt(4) < now) return null
  const range: FragmentRange = { clock: clock === 'producer' ? 'producer' : 'server', startMs: numberAt(0), endMs: numberAt(1) }
  return { streamId: Number(streamId), range, after: { timestampMs: numberAt(2), sequence: numberAt(3) } }
}

function seal(text: Uint8Array): Buffer {
  return createHmac('sha256', key).update(text).digest().subarray(0, SEAL_BYTES)
}
