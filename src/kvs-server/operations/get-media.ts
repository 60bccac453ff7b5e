import type { Archive } from '../archive/archive.js'
import type { ArchivedFragment } from '../archive/archived-fragment.js'
import type { StreamRecord } from '../archive/stream-record.js'
import { followStream } from '../chunks/live-reader.js'
import { readChunk, type ServiceTags, toTagSeconds } from '../chunks/media-chunk.js'
import { findStartSequence, type MediaStart, parseMediaStart } from '../chunks/media-start.js'
import type { KvsServices } from '../kvs-services.js'
import type { Operation } from '../operation.js'
import { type PacedMediaOptions, paceFragment } from '../quotas/paced-media.js'
import { parseStreamSelector, type StreamSelector } from '../wire/stream-selector.js'
import { parseStructure } from '../wire/wire-input.js'

interface Input {
  readonly stream: StreamSelector
  readonly start: MediaStart
}

type Services = Pick<KvsServices, 'streams' | 'archive' | 'quotas' | 'closing'>

/** The stream's fragments from some point on, then each that comes, for as long as the reader stays. */
export const getMedia: Operation<Input, Services> = {
  name: 'GetMedia',
  parse: (input) => ({ stream: parseStreamSelector(input), start: parseMediaStart(parseStructure(input, 'StartSelector')) }),
  run({ stream: selector, start }, { streams, archive, quotas, closing }, call) {
    const stream = streams.get(selector)
    const sequence = findStartSequence(archive, stream, start)
    const disconnect = quotas.connect('GetMedia', stream.id)
    // A body that nobody began to read still has its connection counted off.
    call.signal.addEventListener('abort', disconnect, { once: true })
    const signal = AbortSignal.any([call.signal, closing])
    const fragments = followStream({ archive, streamId: stream.id, findStream: () => streams.findById(stream.id), signal }, sequence)
    // `video/webm` is what the service was seen to say, of Matroska of any codec.
    const pacing = { pace: quotas.pace('GetMedia', stream.id), signal: call.signal }
    return { contentType: 'video/webm', sizeBytes: null, body: readLive(archive, stream, { fragments, pacing, disconnect }) }
  },
}

interface LiveBody {
  readonly fragments: AsyncIterable<ArchivedFragment>
  readonly pacing: PacedMediaOptions
  readonly disconnect: () => void
}

async function* readLive(archive: Archive, stream: StreamRecord, { fragments, pacing, disconnect }: LiveBody): AsyncGenerator<Uint8Array> {
  try {
    for await (const fragment of fragments) {
      // What retention has just taken is passed over, like what it took before.
      const chunk = readChunk(archive, fragment, tagsOf(fragment, archive.findNewest(stream)))
      if (chunk !== null) yield* paceFragment(chunk, pacing)
    }
  } finally {
    disconnect()
  }
}

function tagsOf(fragment: ArchivedFragment, newest: ArchivedFragment | null): ServiceTags {
  const { fragmentNumber, serverTimestampMs, producerTimestampMs } = fragment
  const behindMs = Math.max(0, (newest?.serverTimestampMs ?? serverTimestampMs) - serverTimestampMs)
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
