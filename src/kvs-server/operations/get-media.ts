import type { EpochMs } from '../../lib/clock.js'
import { buildTagsDocument } from '../../media/matroska/muxer.js'
import type { ArchivedFragment } from '../archive/archived-fragment.js'
import { followStream } from '../get-media/follow-stream.js'
import { answerMedia } from '../get-media/media-answer.js'
import { readChunk, type ServiceTags, toTagSeconds } from '../get-media/media-chunk.js'
import { findStartSequence, parseMediaStart } from '../get-media/media-start.js'
import { type PacedMediaOptions, paceFragment } from '../quotas/transfer-pace.js'
import { parseStructure } from '../wire/wire-input.js'
import type { KvsServices } from './kvs-services.js'
import { streamOperation } from './stream-operation.js'

type Services = Pick<KvsServices, 'clock' | 'streams' | 'archive' | 'quotas' | 'closing'>

/** The fragments of the stream from a starting point, then each new one until the reader disconnects. */
export const getMedia = streamOperation({
  name: 'GetMedia',
  parse: (input) => parseMediaStart(parseStructure(input, 'StartSelector')),
  run(stream, start, { clock, streams, archive, quotas, closing }: Services, { signal }) {
    const sequence = findStartSequence(archive, stream, start)
    return answerMedia({ operation: 'GetMedia', streamId: stream.id, quotas, points: 0, signal }, (pacing) => {
      if (sequence === null) return tellNotFound()
      const place = {
        archive,
        streamId: stream.id,
        findStream: () => streams.findById(stream.id),
        signal: AbortSignal.any([signal, closing]),
      }
      return readLive({ archive, clock }, followStream(place, sequence), pacing)
    })
  },
})

/** The service answers with status 200 and puts the error into the media. */
async function* tellNotFound(): AsyncGenerator<Uint8Array> {
  yield buildTagsDocument([
    { name: 'AWS_KINESISVIDEO_ERROR_CODE', value: 'Requested fragment is not found.' },
    { name: 'AWS_KINESISVIDEO_ERROR_ID', value: '4000' },
  ])
}

async function* readLive(
  { archive, clock }: Pick<Services, 'archive' | 'clock'>,
  fragments: AsyncIterable<ArchivedFragment>,
  pacing: PacedMediaOptions,
): AsyncGenerator<Uint8Array> {
  for await (const fragment of fragments) {
    // A fragment that has just expired is skipped.
    const chunk = readChunk(archive, fragment, tagsOf(fragment, clock.now()))
    if (chunk !== null) yield* paceFragment(chunk, pacing)
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
