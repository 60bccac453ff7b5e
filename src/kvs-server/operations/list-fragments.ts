import type { EpochMs } from '../../lib/clock.js'
import { type FragmentRange, retainedSince } from '../archive/archive.js'
import type { ArchivedFragment } from '../archive/archived-fragment.js'
import type { FragmentCursor } from '../archive/fragment-index.js'
import { cursorAt } from '../archive/fragment-walk.js'
import type { StreamRecord } from '../archive/stream-record.js'
import type { StreamSelector } from '../archive/stream-table.js'
import { AwsException } from '../aws-exception.js'
import type { KvsServices } from '../kvs-services.js'
import type { Operation } from '../operation.js'
import { getStream, refuseOutsideRetention } from '../stream-checks.js'
import { openPage, sealPage } from '../wire/fragment-page-token.js'
import { parseFragmentSelector } from '../wire/fragment-selector.js'
import { parseStreamSelector } from '../wire/stream-selector.js'
import { parseOptionalInteger, parseOptionalString, parseOptionalStructure } from '../wire/wire-input.js'
import { WireTimestamp } from '../wire/wire-json.js'

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

/** The fragments whose start lies in a range. The order is not promised by the service; here it is that of the clock asked for. */
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
    // The quota counts what was asked for, not what there was.
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

/** A token brings its query along; a selector beside it must be the same. */
function toPage({ range, nextToken }: Input, stream: StreamRecord, now: EpochMs): { range: FragmentRange; after: FragmentCursor | null } {
  if (nextToken === null) {
    if (range === null) throw new AwsException('InvalidArgumentException', 'FragmentSelector is required')
    return { range, after: null }
  }
  const page = openPage(nextToken, now)
  if (page === null) throw new AwsException('InvalidArgumentException', 'NextToken is not valid, or no longer')
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
