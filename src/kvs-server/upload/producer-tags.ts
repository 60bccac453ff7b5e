import type { MatroskaEvent, SimpleTag } from '../../media/matroska/events.js'
import { buildTags } from '../../media/matroska/muxer.js'
import { UploadError } from './acknowledgement.js'

const MOST_TAGS = 10
const LONGEST_NAME_BYTES = 128
const LONGEST_VALUE_BYTES = 256

/**
 * Names that Kinesis Video writes around each fragment. Footage from GetMedia contains them when it is uploaded again. They are accepted, not
 * counted and not stored: beside the new tags, a reader could not tell which fragment number and continuation token are valid.
 */
const SERVICE_TAGS: ReadonlySet<string> = new Set([
  'AWS_KINESISVIDEO_FRAGMENT_NUMBER',
  'AWS_KINESISVIDEO_SERVER_TIMESTAMP',
  'AWS_KINESISVIDEO_PRODUCER_TIMESTAMP',
  'AWS_KINESISVIDEO_SERVER_SIDE_TIMESTAMP',
  'AWS_KINESISVIDEO_PRODUCER_SIDE_TIMESTAMP',
  'AWS_KINESISVIDEO_MILLIS_BEHIND_NOW',
  'AWS_KINESISVIDEO_CONTINUATION_TOKEN',
  'AWS_KINESISVIDEO_ERROR_CODE',
  'AWS_KINESISVIDEO_ERROR_ID',
  'AWS_KINESISVIDEO_EXCEPTION_ERROR_CODE',
  'AWS_KINESISVIDEO_EXCEPTION_MESSAGE',
])

/**
 * Names that AWS's producers write (kinesis-video-streams-pic, Stream.h): at the end of a fragment, and for stills and notifications. They
 * are ordinary producer tags. All other names that begin with AWS are reserved and refused.
 */
const PRODUCER_SDK_TAGS: ReadonlySet<string> = new Set([
  'AWS_KINESISVIDEO_END_OF_FRAGMENT',
  'AWS_KINESISVIDEO_IMAGE_GENERATION',
  'AWS_KINESISVIDEO_IMAGE_PREFIX',
  'AWS_KINESISVIDEO_NOTIFICATION',
])

/** Adds the producer's own tags to `before`, the count so far. Refuses tags over the limits. */
export function countProducerTags(before: number, tags: readonly SimpleTag[]): number {
  const own = tags.filter(({ name }) => !SERVICE_TAGS.has(name))
  for (const tag of own) refuseBadTag(tag)
  const count = before + own.length
  if (count > MOST_TAGS) refuse(`a fragment has at most ${MOST_TAGS} tags (got ${count})`)
  return count
}

/** A Tags element as it is kept with a fragment: as it came, without the service's tags and those about a track. */
export function keepProducerTags(element: Uint8Array, { tags, hasPartTags }: Pick<TagsElement, 'tags' | 'hasPartTags'>): Uint8Array {
  const own = tags.filter(({ name }) => !SERVICE_TAGS.has(name))
  if (own.length === tags.length && !hasPartTags) return element
  return own.length === 0 ? new Uint8Array(0) : buildTags(own)
}

/** A Tags element as it is kept in a session header, where tags about a track belong. */
function keepHeaderTags(element: Uint8Array, { tags }: TagsElement): Uint8Array {
  const hasServiceTags = tags.some(({ name }) => SERVICE_TAGS.has(name))
  return hasServiceTags ? keepProducerTags(element, { tags, hasPartTags: false }) : element
}

/** A Tags element of an upload; `range` counts from the upload's first byte. */
export type TagsElement = Omit<Extract<MatroskaEvent, { kind: 'tags' }>, 'kind'>

/** A session header as it is kept; `headerStart` is where in the upload it begins, `elements` are the Tags in it. */
export function keepHeader(header: Uint8Array, headerStart: number, elements: readonly TagsElement[]): Uint8Array {
  const parts: Uint8Array[] = []
  let from = 0
  for (const found of elements) {
    const { range } = found
    const [start, end] = [range.start - headerStart, range.end - headerStart]
    parts.push(header.subarray(from, start), keepHeaderTags(header.subarray(start, end), found))
    from = end
  }
  return Buffer.concat([...parts, header.subarray(from)])
}

function refuseBadTag({ name, value }: SimpleTag): void {
  const nameBytes = Buffer.byteLength(name)
  const valueBytes = Buffer.byteLength(value)
  if (nameBytes > LONGEST_NAME_BYTES) refuse(`a tag's name has at most ${LONGEST_NAME_BYTES} bytes (got ${nameBytes})`)
  if (valueBytes > LONGEST_VALUE_BYTES) refuse(`a tag's value has at most ${LONGEST_VALUE_BYTES} bytes (got ${valueBytes})`)
  if (name.startsWith('AWS') && !PRODUCER_SDK_TAGS.has(name)) refuse(`a tag's name must not begin with AWS (got ${name})`)
}

function refuse(message: string): never {
  throw new UploadError('FRAGMENT_METADATA_LIMIT_REACHED', message)
}
