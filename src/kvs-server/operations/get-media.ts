import type { Clock, EpochMs } from '../../lib/clock.js'
import { buildTagsDocument } from '../../media/matroska/muxer.js'
import type { Archive } from '../archive/archive.js'
import type { ArchivedFragment } from '../archive/archived-fragment.js'
import type { StreamSelector } from '../archive/stream-table.js'
import { followStream } from '../get-media/follow-stream.js'
import { readChunk, type ServiceTags, toTagSeconds } from '../get-media/media-chunk.js'
import { findStartSequence, type MediaStart, parseMediaStart } from '../get-media/media-start.js'
import type { KvsServices } from '../kvs-services.js'
import type { Operation } from '../operation.js'
import { type PacedMediaOptions, paceFragment } from '../quotas/transfer-pace.js'
import { getStream } from '../stream-checks.js'
import { parseStreamSelector } from '../wire/stream-selector.js'
import { parseStructure } from '../wire/wire-input.js'

interface Input {
  readonly stream: StreamSelector
  readonly start: MediaStart
}

type Services = Pick<KvsServices, 'clock' | 'streams' | 'archive' | 'quotas' | 'closing'>

/** The stream's fragments from some point on, then each that comes, for as long as the reader stays. */
export const getMedia: Operation<Input, Services> = {
  name: 'GetMedia',
  parse: (input) => ({ stream: parseStreamSelector(input), start: parseMediaStart(parseStructure(input, 'StartSelector')) }),
  run({ stream: selector, start }, { clock, streams, archive, quotas, closing }, call) {
    const stream = getStream(streams, selector)
    const sequence = findStartSequence(archive, stream, start)
    const disconnect = quotas.connect('GetMedia', stream.id)
    // A body that nobody began to read still has its connection counted off.
    call.signal.addEventListener('abort', disconnect, { once: true })
    // `video/webm` is what the service was seen to say, of Matroska of any codec.
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
      // What retention has just taken is passed over, like what it took before.
      const chunk = readChunk(archive, fragment, tagsOf(fragment, clock.now()))
      if (chunk !== null) yield* paceFragment(chunk, pacing)
    }
  } finally {
    disconnect()
  }
}

/** Captures show how far behind the wall clock the fragment is as it is sent, and not how far behind the newest. */
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
