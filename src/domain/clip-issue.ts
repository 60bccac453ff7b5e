import type { TimeRange } from './time-range.js'

/** Issues of a clip request. The schema describes each. */
export const CLIP_ISSUE_CODES = [
  'STREAM_REQUIRED',
  'STREAM_AMBIGUOUS',
  'STREAM_NAME_INVALID',
  'STREAM_ARN_INVALID',
  'STREAM_NOT_FOUND',
  'STREAM_NOT_ACTIVE',
  'END_NOT_AFTER_START',
  'RANGE_TOO_LONG',
  'END_IN_FUTURE',
  'START_BEFORE_RETENTION',
  'END_BEFORE_RETENTION',
  'NO_DATA_RETENTION',
  'NO_FRAGMENTS',
  'STARTS_WITHOUT_KEY_FRAME',
  'FOOTAGE_NOT_YET_LISTED',
  'FRAGMENT_LIMIT_EXCEEDED',
  'SIZE_LIMIT_EXCEEDED',
  'START_INSIDE_FRAGMENT',
  'END_INSIDE_FRAGMENT',
  'GAP_IN_RANGE',
  'CLOCKS_DISAGREE',
  'UNSUPPORTED_VIDEO_CODEC',
  'UNSUPPORTED_AUDIO_CODEC',
  'MISSING_CODEC_PRIVATE_DATA',
  'INVALID_CODEC_PRIVATE_DATA',
  'CODEC_PRIVATE_DATA_CHANGES',
  'TRACKS_CHANGE',
  'INVALID_MEDIA_FRAME',
  'JOIN_NOT_POSSIBLE',
  'CLIP_TOO_LARGE',
  'EXPIRY_OUT_OF_RANGE',
  'FILE_NAME_INVALID',
] as const
export type ClipIssueCode = (typeof CLIP_ISSUE_CODES)[number]

export interface ClipIssue {
  readonly code: ClipIssueCode
  readonly severity: 'ERROR' | 'WARNING'
  /** The problem, the expected value and the given value. */
  readonly message: string
  readonly path: readonly string[]
  readonly hint: string | null
  readonly ranges: readonly TimeRange[]
  readonly retryAfterMs: number | null
}
