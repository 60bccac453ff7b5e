import { buildTagsDocument } from '../../media/matroska/muxer.js'
import type { Archive } from '../archive/archive.js'
import type { ArchivedFragment } from '../archive/archived-fragment.js'
import type { StreamRecord } from '../archive/stream-record.js'
import { answerMedia } from '../get-media/media-answer.js'
import { readChunk, type ServiceTags, toTagSeconds } from '../get-media/media-chunk.js'
import { type PacedMediaOptions, paceFragment } from '../quotas/transfer-pace.js'
import { AwsException } from '../wire/aws-exception.js'
import { parseList, parseText } from '../wire/wire-input.js'
import type { KvsServices } from './kvs-services.js'
import { streamOperation } from './stream-operation.js'

const NUMBER = { min: 1, max: 128, pattern: /^[0-9]+$/ }

/** Fragments by their numbers, in the requested order, each as a complete Matroska document. */
export const getMediaForFragmentList = streamOperation({
  name: 'GetMediaForFragmentList',
  parse: (input) => parseList(input, 'Fragments', { min: 1, max: 1000 }).map((number) => parseText(number, 'Fragments', NUMBER)),
  run(stream, numbers, { archive, quotas }: Pick<KvsServices, 'archive' | 'quotas'>, { signal }) {
    const fragments = findAll(archive, stream, numbers)
    const options = { operation: 'GetMediaForFragmentList', streamId: stream.id, quotas, points: fragments.length, signal } as const
    return answerMedia(options, (pacing) => readAll(archive, fragments, pacing))
  },
})

function findAll(archive: Archive, stream: StreamRecord, fragmentNumbers: readonly string[]): ArchivedFragment[] {
  const found = fragmentNumbers.map((number) => archive.find(stream, number))
  const unknown = fragmentNumbers.filter((_, index) => found[index] === null)
  // The text up to the colon is that of the service.
  if (unknown.length > 0)
    throw new AwsException('InvalidArgumentException', `Fragment numbers are invalid : ${unknown.slice(0, 10).join(', ')}`)
  return found.flatMap((fragment) => fragment ?? [])
}

async function* readAll(archive: Archive, fragments: readonly ArchivedFragment[], pacing: PacedMediaOptions): AsyncGenerator<Uint8Array> {
  for (const fragment of fragments) {
    const chunk = readChunk(archive, fragment, tagsOf(fragment))
    if (chunk === null) yield expired(fragment)
    else yield* paceFragment(chunk, pacing)
  }
}

/** The API page spells the two times with SIDE, AWS's own parser without. Both are written. */
function tagsOf({ fragmentNumber, serverTimestampMs, producerTimestampMs }: ArchivedFragment): ServiceTags {
  const server = toTagSeconds(serverTimestampMs)
  const producer = toTagSeconds(producerTimestampMs)
  return {
    before: [
      { name: 'AWS_KINESISVIDEO_FRAGMENT_NUMBER', value: fragmentNumber },
      { name: 'AWS_KINESISVIDEO_SERVER_SIDE_TIMESTAMP', value: server },
      { name: 'AWS_KINESISVIDEO_PRODUCER_SIDE_TIMESTAMP', value: producer },
      { name: 'AWS_KINESISVIDEO_SERVER_TIMESTAMP', value: server },
      { name: 'AWS_KINESISVIDEO_PRODUCER_TIMESTAMP', value: producer },
    ],
    behind: [],
  }
}

/** Status 200 is sent already, so tags carry the exception: the documented ones, and those observed on the service. */
function expired({ fragmentNumber }: ArchivedFragment): Uint8Array {
  return buildTagsDocument([
    { name: 'AWS_KINESISVIDEO_FRAGMENT_NUMBER', value: fragmentNumber },
    { name: 'AWS_KINESISVIDEO_EXCEPTION_ERROR_CODE', value: '4000' },
    { name: 'AWS_KINESISVIDEO_EXCEPTION_MESSAGE', value: 'The fragment is no longer retained.' },
    { name: 'AWS_KINESISVIDEO_ERROR_CODE', value: 'FRAGMENT_NOT_FOUND' },
    { name: 'AWS_KINESISVIDEO_ERROR_ID', value: '3000' },
  ])
}
