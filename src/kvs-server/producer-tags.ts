import type { SimpleTag } from '../media/matroska/events.js'
import { UploadError } from './upload-error.js'

const MOST_TAGS = 10
const LONGEST_NAME_BYTES = 128
const LONGEST_VALUE_BYTES = 256

/**
 * Names that Kinesis Video itself writes around each fragment. Footage that was read with GetMedia brings them along when it is uploaded
 * again; they are taken and do not count. Other names that begin with AWS are the service's, and refused.
 */
const SERVICE_TAGS: ReadonlySet<string> = new Set([
  'AWS_KINESISVIDEO_FRAGMENT_NUMBER',
  'AWS_KINESISVIDEO_SERVER_TIMESTAMP',
  'AWS_KINESISVIDEO_PRODUCER_TIMESTAMP',
  'AWS_KINESISVIDEO_SERVER_SIDE_TIMESTAMP',
  'AWS_KINESISVIDEO_PRODUCER_SIDE_TIMESTAMP',
  'AWS_KINESISVIDEO_MILLIS_BEHIND_NOW',
  'AWS_KINESISVIDEO_CONTINUATION_TOKEN',
])

/** How many of a fragment's tags are the producer's, `before` of which are counted already; refuses what is over the limits. */
export function countProducerTags(before: number, tags: readonly SimpleTag[]): number {
  const own = tags.filter(({ name }) => !SERVICE_TAGS.has(name))
  for (const tag of own) refuseBadTag(tag)
  const count = before + own.length
  if (count > MOST_TAGS) refuse(`a fragment has at most ${MOST_TAGS} tags (got ${count})`)
  return count
}

function refuseBadTag({ name, value }: SimpleTag): void {
  const nameBytes = Buffer.byteLength(name)
  const valueBytes = Buffer.byteLength(value)
  if (nameBytes > LONGEST_NAME_BYTES) refuse(`a tag's name has at most ${LONGEST_NAME_BYTES} bytes (got ${nameBytes})`)
  if (valueBytes > LONGEST_VALUE_BYTES) refuse(`a tag's value has at most ${LONGEST_VALUE_BYTES} bytes (got ${valueBytes})`)
  if (name.startsWith('AWS')) refuse(`a tag's name must not begin with AWS (got ${name})`)
}

function refuse(message: string): never {
  throw new UploadError('FRAGMENT_METADATA_LIMIT_REACHED', message)
}
