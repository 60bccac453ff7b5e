import { type StreamRef, toStreamName } from '../domain/stream-ref.js'
import { isArnOfName, isNameCovered, isNamedBy, type NamedStream, type StreamPattern } from './stream-pattern.js'
import type { TaggedStreams } from './tag-index.js'

/** The streams that a list of patterns covers. */
export interface CoveredStreams {
  covers(stream: NamedStream): boolean
  /** The reference by which a covered stream is looked up. Null if the patterns cover no stream of this name or ARN. */
  narrow(stream: StreamRef): StreamRef | null
}

export const EVERY_STREAM: CoveredStreams = { covers: () => true, narrow: (stream) => stream }

/** @param tagged null if no pattern is a tag */
export function toCoveredStreams(patterns: readonly StreamPattern[], tagged: TaggedStreams | null): CoveredStreams {
  const tags = patterns.filter((pattern) => pattern.kind === 'tag')
  const isTagged = (stream: NamedStream) => tags.some(({ key, value }) => tagged?.hasTag(stream, key, value) === true)
  const covers = (stream: NamedStream) => patterns.some((pattern) => isNamedBy(pattern, stream)) || isTagged(stream)
  return {
    covers,
    narrow(stream) {
      if ('arn' in stream) return covers({ name: toStreamName(stream.arn), arn: stream.arn }) ? stream : null
      const { name } = stream
      if (patterns.some((pattern) => isNameCovered(pattern, name))) return stream
      // Only one stream of this name is covered, not one that is created later with the same name.
      const arns = [tagged?.arnOf(name) ?? '', ...patterns.filter((pattern) => isArnOfName(pattern, name)).map(({ text }) => text)]
      const arn = arns.find((candidate) => covers({ name, arn: candidate }))
      return arn === undefined ? null : { arn }
    },
  }
}
