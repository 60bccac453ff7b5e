import type { EpochMs } from '../../lib/clock.js'
import { retainedSince } from '../archive/archive.js'
import type { ArchivedFragment, FragmentRange } from '../archive/archived-fragment.js'
import type { FragmentCursor } from '../archive/fragment-index.js'
import { cursorAt } from '../archive/fragment-walk.js'
import type { StreamRecord } from '../archive/stream-record.js'
import { refuseOutsideRetention } from '../clip/clip-selection.js'
import { AwsException } from '../wire/aws-exception.js'
import { Sealer } from '../wire/sealer.js'
import { parseFragmentSelector } from '../wire/selectors.js'
import { parseOptionalInteger, parseOptionalString, parseOptionalStructure } from '../wire/wire-input.js'
import { WireTimestamp } from '../wire/wire-json.js'
import type { KvsServices } from './kvs-services.js'
import { streamOperation } from './stream-operation.js'

interface Input {
  readonly range: FragmentRange | null
  readonly nextToken: string | null
  readonly maxResults: number
}

const TOKEN = { min: 1, max: 4096, pattern: /^[a-zA-Z0-9+/]+={0,2}$/ }

/** The fragments that start in a range. The service does not guarantee an order; here it is that of the requested clock. */
export const listFragments = streamOperation({
  name: 'ListFragments',
  parse(input): Input {
    const selector = parseOptionalStructure(input, 'FragmentSelector')
    const nextToken = parseOptionalString(input, 'NextToken', TOKEN)
    if (selector === null && nextToken === null) {
      throw new AwsException('InvalidArgumentException', 'FragmentSelector is required unless NextToken is given')
    }
    return {
      range: selector === null ? null : parseFragmentSelector(selector),
      nextToken,
      maxResults: parseOptionalInteger(input, 'MaxResults', { min: 1, max: 1000 }) ?? 100,
    }
  },
  run(stream, input, { archive, clock, quotas, listDelayMs }: Pick<KvsServices, 'archive' | 'clock' | 'quotas' | 'listDelayMs'>) {
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
})

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

interface FragmentPage {
  readonly streamId: number
  readonly range: FragmentRange
  readonly after: FragmentCursor
}

const LIFETIME_MS = 3_600_000
const sealer = new Sealer<{ readonly page: FragmentPage; readonly expiresAtMs: EpochMs }>()

/** Base64 without URL characters, as the model's pattern has it. */
function sealPage(page: FragmentPage, now: EpochMs): string {
  return sealer.seal({ page, expiresAtMs: now + LIFETIME_MS }).toString('base64')
}

/** Null for a token that this server did not seal, or that has expired. */
function openPage(token: string, now: EpochMs): FragmentPage | null {
  const sealed = sealer.open(Buffer.from(token, 'base64'))
  return sealed === null || sealed.expiresAtMs < now ? null : sealed.page
}
