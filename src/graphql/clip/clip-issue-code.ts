import type { ClipIssue, ClipIssueCode } from '../../domain/clip-issue.js'
import { enumType } from '../enum-type.js'

export const IssueSeverityEnum = enumType<ClipIssue['severity']>('IssueSeverity', 'Whether an issue stops the clip.', {
  ERROR: 'No clip can be made of this input.',
  WARNING: 'The clip can be made, but is not quite what was asked for.',
})

export const ClipIssueCodeEnum = enumType<ClipIssueCode>('ClipIssueCode', 'What is wrong with, or worth knowing about, a clip request.', {
  STREAM_REQUIRED: 'Neither streamName nor streamArn was given.',
  STREAM_AMBIGUOUS: 'Both streamName and streamArn were given.',
  STREAM_NAME_INVALID: 'streamName is not 1 to 256 letters, digits, dots, underscores and hyphens.',
  STREAM_ARN_INVALID: 'streamArn is not the ARN of a Kinesis video stream.',
  STREAM_NOT_FOUND: 'There is no such stream in this account and region.',
  STREAM_NOT_ACTIVE: 'The stream is being made or deleted.',
  END_NOT_AFTER_START: 'endTimestamp is not later than startTimestamp.',
  RANGE_TOO_LONG: 'The range is longer than 24 hours.',
  END_IN_FUTURE: 'With SERVER_TIMESTAMP, endTimestamp is not in the past.',
  START_BEFORE_RETENTION: 'A part of the range is older than what the stream keeps.',
  END_BEFORE_RETENTION: 'The whole range is older than what the stream keeps.',
  NO_DATA_RETENTION: 'The stream keeps nothing (dataRetentionInHours is 0).',
  NO_FRAGMENTS: 'No fragment starts inside the range.',
  STARTS_WITHOUT_KEY_FRAME:
    'The footage does not begin with a key frame: what comes before the first one is not shown, or no key frame is near enough to show it.',
  FOOTAGE_NOT_YET_LISTED: 'The end of the range is so recent that some of its footage may not be listed yet.',
  FRAGMENT_LIMIT_EXCEEDED: 'The range holds more fragments than one GetClip call gives.',
  SIZE_LIMIT_EXCEEDED: 'The range holds more bytes than one GetClip call gives.',
  START_INSIDE_FRAGMENT: 'The range begins inside a fragment, which is left out because it starts earlier.',
  END_INSIDE_FRAGMENT: 'The range ends inside a fragment, which is taken whole.',
  GAP_IN_RANGE: 'A stretch of the range has no footage: a gap, as in coverage with maxGapMs 1000.',
  CLOCKS_DISAGREE: 'Producer and server timestamps advance differently by more than a second.',
  UNSUPPORTED_VIDEO_CODEC: 'The video is neither H.264 nor H.265.',
  UNSUPPORTED_AUDIO_CODEC: 'The audio is neither AAC nor G.711.',
  MISSING_CODEC_PRIVATE_DATA: 'A track came without codec private data.',
  INVALID_CODEC_PRIVATE_DATA: 'The codec private data of a track cannot be read, or is not in the form that MP4 needs.',
  CODEC_PRIVATE_DATA_CHANGES: 'The codec configuration changes inside the range.',
  TRACKS_CHANGE: 'The number or kind of tracks changes inside the range.',
  INVALID_MEDIA_FRAME: 'A frame is not what its codec says.',
  JOIN_NOT_POSSIBLE: 'More than one GetClip call is needed, and their answers cannot be made one MP4.',
  CLIP_TOO_LARGE: 'The clip would be larger than limits.maxClipBytes.',
  EXPIRY_OUT_OF_RANGE: 'expiresInSeconds is not from 1 to limits.maxUrlSeconds.',
  FILE_NAME_INVALID: 'fileName is empty, too long or holds what no file name may.',
})
