// What GetClip's refusals mean: to whoever asked for the clip (an issue), and to whoever reads one that was promised (unavailable).

import type { ClipIssue, ClipIssueCode } from '../domain/clip-issue.js'
import { instantText, toError } from '../domain/clip-issue-text.js'
import type { ClipRequest } from '../domain/clip-request.js'
import { toStreamPath } from '../domain/stream-issues.js'
import type { TimeRange } from '../domain/time-range.js'
import { type ClipRefusal, ClipRefused } from '../kvs/ports.js'
import { ClipUnavailable, type ClipUnavailableReason } from './clip-unavailable.js'

interface RefusalMeaning {
  readonly code: ClipIssueCode
  readonly path: 'startTimestamp' | typeof STREAM
  /** Completes "Kinesis Video refuses the clip: …". */
  readonly what: string
  readonly hint: string | null
  readonly reason: ClipUnavailableReason
}

/** By its name or by its ARN. */
const STREAM = 'stream'
/** Not Stream.media, which has nothing to say of a stream without video. */
const CODECS = 'Query.validateClip with probe true says which track it is, and why.'

const MEANINGS: Readonly<Record<Exclude<ClipRefusal, 'INVALID_ARGUMENT'>, RefusalMeaning>> = {
  NO_FRAGMENTS: {
    code: 'NO_FRAGMENTS',
    path: 'startTimestamp',
    what: 'it has no footage in the range any more, although it was listed a moment ago',
    hint: 'Footage at the edge of the retention period goes away; ask for later footage.',
    reason: 'FOOTAGE_EXPIRED',
  },
  STREAM_NOT_FOUND: { code: 'STREAM_NOT_FOUND', path: STREAM, what: 'there is no such stream', hint: null, reason: 'FOOTAGE_EXPIRED' },
  OUTSIDE_RETENTION: {
    code: 'START_BEFORE_RETENTION',
    path: 'startTimestamp',
    what: 'the range begins before the footage that is kept',
    hint: 'Start later.',
    reason: 'FOOTAGE_EXPIRED',
  },
  NO_DATA_RETENTION: {
    code: 'NO_DATA_RETENTION',
    path: STREAM,
    what: 'the stream keeps nothing (its data retention is 0 hours)',
    hint: null,
    reason: 'FOOTAGE_EXPIRED',
  },
  UNSUPPORTED_MEDIA_TYPE: {
    code: 'UNSUPPORTED_VIDEO_CODEC',
    path: STREAM,
    what: 'it makes clips of H.264 alone, or with AAC or G.711 A-law, and of H.265 alone or with AAC',
    hint: CODECS,
    reason: 'CODEC_CHANGES',
  },
  MISSING_CODEC_PRIVATE_DATA: {
    code: 'MISSING_CODEC_PRIVATE_DATA',
    path: STREAM,
    what: 'a track has no codec private data, without which its frames cannot be decoded',
    hint: 'Let the producer send it with the tracks.',
    reason: 'CODEC_CHANGES',
  },
  INVALID_CODEC_PRIVATE_DATA: {
    code: 'INVALID_CODEC_PRIVATE_DATA',
    path: STREAM,
    what: 'the codec private data cannot be used, or it changes inside the range',
    hint: 'H.264 needs it in avcC form, H.265 in hvcC form, and the same throughout a clip.',
    reason: 'CODEC_CHANGES',
  },
  INVALID_MEDIA_FRAME: {
    code: 'INVALID_MEDIA_FRAME',
    path: STREAM,
    what: 'a frame is not what its codec says',
    hint: 'Frames must be length-prefixed, not Annex B.',
    reason: 'CODEC_CHANGES',
  },
}

/** Null for what is not about the footage: that is an error, not an issue. */
export function toRefusalIssue(error: unknown, { range, stream }: Pick<ClipRequest, 'range' | 'stream'>): ClipIssue | null {
  if (!(error instanceof ClipRefused) || error.refusal === 'INVALID_ARGUMENT') return null
  const { code, path, what, hint } = MEANINGS[error.refusal]
  const message = `Kinesis Video refuses the clip from ${instantText(range.startMs)} to ${instantText(range.endMs)}: ${what} (it said: ${error.message}).`
  const details = { path: path === STREAM ? toStreamPath(stream) : [path], hint }
  return toError(toPreciseCode(error, code), message, details)
}

/** One exception stands for several things; its text tells them apart where it says anything. */
function toPreciseCode({ refusal, message }: ClipRefused, code: ClipIssueCode): ClipIssueCode {
  if (refusal === 'UNSUPPORTED_MEDIA_TYPE') {
    const isVideoFine = /track 1: ?'?V_MPEG(4|H)?\/ISO\/(AVC|HEVC)/i.test(message)
    return isVideoFine ? 'UNSUPPORTED_AUDIO_CODEC' : code
  }
  if (refusal !== 'INVALID_CODEC_PRIVATE_DATA' || !/chang|differ/i.test(message)) return code
  return /track/i.test(message) && !/private/i.test(message) ? 'TRACKS_CHANGE' : 'CODEC_PRIVATE_DATA_CHANGES'
}

/** For a part of a clip that had been promised. Null for what is no refusal. */
export function toRefusedUnavailable(error: unknown, range: TimeRange): ClipUnavailable | null {
  if (!(error instanceof ClipRefused)) return null
  const span = `from ${instantText(range.startMs)} to ${instantText(range.endMs)}`
  if (error.refusal === 'INVALID_ARGUMENT') {
    return new ClipUnavailable('INTERNAL', `Kinesis Video refuses the part ${span}.`, { cause: error })
  }
  const { reason, what } = MEANINGS[error.refusal]
  return new ClipUnavailable(reason, `Kinesis Video refuses the part ${span}: ${what}.`, { cause: error })
}
