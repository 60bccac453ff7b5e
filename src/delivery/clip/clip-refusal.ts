// Translates a refusal of GetClip: to an issue for the caller of requestClip, and to ClipUnavailable for a reader of the clip.

import type { ClipIssue, ClipIssueCode } from '../../domain/clip-issue.js'
import { instantText, toError } from '../../domain/clip-issue-text.js'
import type { ClipRequest } from '../../domain/clip-request.js'
import type { ClipErrorCode } from '../../domain/errors.js'
import { toStreamPath } from '../../domain/stream-issues.js'
import type { TimeRange } from '../../domain/time-range.js'
import { type ClipRefusal, ClipRefused } from '../../kvs/ports.js'
import { ClipUnavailable } from '../serve/clip-unavailable.js'

interface RefusalMeaning {
  readonly code: ClipIssueCode
  readonly path: 'startTimestamp' | typeof STREAM
  /** Completes "Kinesis Video rejected the clip: …". */
  readonly what: string
  readonly hint: string | null
  readonly reason: ClipErrorCode
}

/** Stands for the input field that names the stream: streamName or streamArn. */
const STREAM = 'stream'
/** Does not name Stream.media, which has no result for a stream without video. */
const CODECS = 'Query.validateClip with probe true says which track it is, and why.'

const MEANINGS: Readonly<Record<Exclude<ClipRefusal, 'INVALID_ARGUMENT'>, RefusalMeaning>> = {
  NO_FRAGMENTS: {
    code: 'NO_FRAGMENTS',
    path: 'startTimestamp',
    what: 'the listed footage in the range no longer exists',
    hint: 'The oldest footage expires continuously. Request later footage.',
    reason: 'FOOTAGE_EXPIRED',
  },
  STREAM_NOT_FOUND: { code: 'STREAM_NOT_FOUND', path: STREAM, what: 'the stream does not exist', hint: null, reason: 'FOOTAGE_EXPIRED' },
  OUTSIDE_RETENTION: {
    code: 'START_BEFORE_RETENTION',
    path: 'startTimestamp',
    what: 'the range starts before the retention period',
    hint: 'Start later.',
    reason: 'FOOTAGE_EXPIRED',
  },
  NO_DATA_RETENTION: {
    code: 'NO_DATA_RETENTION',
    path: STREAM,
    what: 'the stream stores no footage (its data retention is 0 hours)',
    hint: null,
    reason: 'FOOTAGE_EXPIRED',
  },
  UNSUPPORTED_MEDIA_TYPE: {
    code: 'UNSUPPORTED_VIDEO_CODEC',
    path: STREAM,
    what: 'it supports H.264 with AAC, G.711 A-law or no audio, and H.265 with AAC or no audio',
    hint: CODECS,
    reason: 'CODEC_CHANGES',
  },
  MISSING_CODEC_PRIVATE_DATA: {
    code: 'MISSING_CODEC_PRIVATE_DATA',
    path: STREAM,
    what: 'a track has no codec private data, without which its frames cannot be decoded',
    hint: 'Configure the producer to send it with the tracks.',
    reason: 'CODEC_CHANGES',
  },
  INVALID_CODEC_PRIVATE_DATA: {
    code: 'INVALID_CODEC_PRIVATE_DATA',
    path: STREAM,
    what: 'the codec private data is invalid, or changes inside the range',
    hint: 'H.264 needs it in avcC form, H.265 in hvcC form, and the same throughout a clip.',
    reason: 'CODEC_CHANGES',
  },
  INVALID_MEDIA_FRAME: {
    code: 'INVALID_MEDIA_FRAME',
    path: STREAM,
    what: 'a frame is invalid for its codec',
    hint: 'Frames must be length-prefixed, not Annex B.',
    reason: 'CODEC_CHANGES',
  },
}

/** Returns null for an error that the footage did not cause. Such an error is not an issue. */
export function toRefusalIssue(error: unknown, { range, stream }: Pick<ClipRequest, 'range' | 'stream'>): ClipIssue | null {
  if (!(error instanceof ClipRefused) || error.refusal === 'INVALID_ARGUMENT') return null
  const { code, path, what, hint } = MEANINGS[error.refusal]
  const message = `Kinesis Video rejected the clip from ${instantText(range.startMs)} to ${instantText(range.endMs)}: ${what} (its message: ${error.message}).`
  const details = { path: path === STREAM ? toStreamPath(stream) : [path], hint }
  return toError(toPreciseCode(error, code), message, details)
}

/** One exception has several causes. Its message may distinguish them. */
function toPreciseCode({ refusal, message }: ClipRefused, code: ClipIssueCode): ClipIssueCode {
  if (refusal === 'UNSUPPORTED_MEDIA_TYPE') {
    const isVideoFine = /track 1: ?'?V_MPEG(4|H)?\/ISO\/(AVC|HEVC)/i.test(message)
    return isVideoFine ? 'UNSUPPORTED_AUDIO_CODEC' : code
  }
  if (refusal !== 'INVALID_CODEC_PRIVATE_DATA' || !/chang|differ/i.test(message)) return code
  return /track/i.test(message) && !/private/i.test(message) ? 'TRACKS_CHANGE' : 'CODEC_PRIVATE_DATA_CHANGES'
}

/** For a reader of the clip. Null if the error is not a refusal. */
export function toRefusedUnavailable(error: unknown, range: TimeRange): ClipUnavailable | null {
  if (!(error instanceof ClipRefused)) return null
  const span = `from ${instantText(range.startMs)} to ${instantText(range.endMs)}`
  if (error.refusal === 'INVALID_ARGUMENT') {
    return new ClipUnavailable('INTERNAL', `Kinesis Video rejected the part ${span}.`, { cause: error })
  }
  const { reason, what } = MEANINGS[error.refusal]
  return new ClipUnavailable(reason, `Kinesis Video rejected the part ${span}: ${what}.`, { cause: error })
}
