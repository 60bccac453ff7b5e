// Checks that several operations share. The archive returns values; these turn them into the exceptions of AWS.
import type { StreamRecord } from '../archive/stream-record.js'
import type { StreamSelector, StreamTable } from '../archive/stream-table.js'
import type { TagTable } from '../archive/tag-table.js'
import { AwsException } from '../wire/aws-exception.js'
import { refuseTooManyTags } from '../wire/tag-input.js'

/** @throws AwsException ResourceNotFoundException */
export function getStream(streams: StreamTable, selector: StreamSelector): StreamRecord {
  const stream = streams.find(selector)
  if (stream !== undefined) return stream
  throw new AwsException('ResourceNotFoundException', 'The requested stream is not found or not active.')
}

/** @throws AwsException VersionMismatchException */
export function requireVersion(stream: StreamRecord, version: string): void {
  if (stream.version === version) return
  throw new AwsException(
    'VersionMismatchException',
    `The stream version that you specified is not the latest version (${version}; the latest is ${stream.version}).`,
  )
}

/** Sets all of the tags or none. @throws AwsException TagsPerResourceExceededLimitException */
export function putTags(table: TagTable, streamId: number, tags: ReadonlyMap<string, string>): void {
  refuseTooManyTags(table.put(streamId, tags))
}
