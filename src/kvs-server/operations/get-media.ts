import type { Clock, EpochMs } from '../../lib/clock.js'
import { buildTagsDocument } from '../../media/matroska/muxer.js'
import type { Archive } from '../archive/archive.js'
import type { ArchivedFragment } from '../archive/archived-fragment.js'
import type { StreamSelector } from '../archive/stream-table.js'
import { followStream } from '../get-media/follow-stream.js'
import { readChunk, type ServiceTags, toTagSeconds } from '../get-media/media-chunk.js'
import { findStartSequence, type MediaStart, parseMediaStart } from '../get-media/media-start.js'
import { type PacedMediaOptions, paceFragment } from '../quotas/transfer-pace.js'
import type { Operation } from '../wire/operation.js'
import { parseStreamSelector } from '../wire/selectors.js'
import { parseStructure } from '../wire/wire-input.js'
import type { KvsServices } from './kvs-services.js'
import { getStream } from './stream-checks.js'

interface Input {
  readonly stream: StreamSelector
  readonly start: MediaStart
}

type Services = Pick<KvsServices, 'clock' | 'streams' | 'archive' | 'quotas' | 'closing'>

/** The fragments of the stream from a starting point, then each new one until the reader disconnects. */
export const getMedia: Operation<Input, Services> = {
  name: 'GetMedia',
  parse: (input) => ({ stream: parseStreamSelector(input), start: parseMediaStart(parseStructure(input, 'StartSelector')) }),
  run({ stream: selector, start }, { clock, streams, archive, quotas, closing }, call) {
    const stream = getStream(streams, selector)
    const sequence = findStartSequence(archive, stream, start)
    const disconnect = quotas.connect('GetMedia', stream.id)
    // This also releases the connection of a body that was never read.
    call.signal.addEventListener('abort', disconnect, { once: true })
    // The service was observed to send `video/webm` for Matroska with any codec.
    const answer = { contentType: 'video/webm', sizeBytes: null }
    if (sequence === null) return { ...answer, body: tellNotFound(disconnect) }
    const signal = AbortSignal.any([call.signal, closing])
    const fragments = followStream({ archive, streamId: stream.id, findStream: () => streams.findById(stream.id), signal }, sequence)
    const pacing = { pace: quotas.pace('GetMedia', stream.id), signal: call.signal }
    return { ...answer, body: readLive(archive, { fragments, clock, pacing, disconnect }) }
  },
}

/** The service answers with status 200 and puts the error into the media. */
async function* tellNotFound(disconnect: () => void): AsyncGenerator<Uint8Array> {
  try {
    yield buildTagsDocument([
      { name: 'AWS_KINESISVIDEO_ERROR_CODE', value: 'Requested fragment is not found.' },
      { name: 'AWS_KINESISVIDEO_ERROR_ID', value: '4000' },
    ])
  } finally {
    disconnect()
  }
}

interface LiveBody {
  readonly fragments: AsyncIterable<ArchivedFragment>
  readonly clock: Clock
  readonly pacing: PacedMediaOptions
  readonly disconnect: () => void
}

async function* readLive(archive: Archive, { fragments, clock, pacing, disconnect }: LiveBody): AsyncGenerator<Uint8Array> {
  try {
    for await (const fragment of fragments) {
      // A fragment that has just expired is skipped.
      const chunk = readChunk(archive, fragment, tagsOf(fragment, clock.now()))
      if (chunk !== null) yield* paceFragment(chunk, pacing)
    }
  } finally {
    disconnect()
  }
}

/** In captures, the value is the distance to the wall clock when the fragment is sent, not to the newest fragment. */
function tagsOf({ fragmentNumber, serverTimestampMs, producerTimestampMs }: ArchivedFragment, now: EpochMs): ServiceTags {
  const behindMs = Math.max(0, Math.round(now - serverTimestampMs))
  return {
    before: [
      { name: 'AWS_KINESISVIDEO_FRAGMENT_NUMBER', value: fragmentNumber },
      { name: 'AWS_KINESISVIDEO_SERVER_TIMESTAMP', value: toTagSeconds(serverTimestampMs) },
      { name: 'AWS_KINESISVIDEO_PRODUCER_TIMESTAMP', value: toTagSeconds(producerTimestampMs) },
    ],
    behind: [
      { name: 'AWS_KINESISVIDEO_MILLIS_BEHIND_NOW', value: String(behindMs) },
      { name: 'AWS_KINESISVIDEO_CONTINUATION_TOKEN', value: fragmentNumber },
    ],
  }
}
