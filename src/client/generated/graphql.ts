/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';
/** The Kinesis Video APIs that use a data endpoint of the stream (APIName of GetDataEndpoint). */
export type ApiName =
  /** GetClip: returns archived footage as MP4. */
  | 'GET_CLIP'
  /** GetDASHStreamingSessionURL: plays footage with MPEG-DASH. */
  | 'GET_DASH_STREAMING_SESSION_URL'
  /** GetHLSStreamingSessionURL: plays footage with HLS. */
  | 'GET_HLS_STREAMING_SESSION_URL'
  /** GetImages: returns still images. */
  | 'GET_IMAGES'
  /** GetMedia: follows a stream as Matroska. */
  | 'GET_MEDIA'
  /** GetMediaForFragmentList: returns the Matroska of given fragments. */
  | 'GET_MEDIA_FOR_FRAGMENT_LIST'
  /** ListFragments: lists archived fragments. */
  | 'LIST_FRAGMENTS'
  /** PutMedia: uploads footage. */
  | 'PUT_MEDIA';

/** Where a clip starts and ends. */
export type ClipCut =
  /** Exactly the requested time: from the first frame at or after startTimestamp to the last frame at or before endTimestamp. The gateway also fetches the fragment that covers the start, and earlier fragments back to the key frame that the first picture needs. An edit list hides the frames before the start; they stay in the file. No transcoding. */
  | 'EXACT'
  /** Whole fragments that start inside the range, as GetClip returns them. An edit list hides pictures before the first key frame. */
  | 'FRAGMENT';

/** Why a clip could not be made. */
export type ClipFailureCode =
  /** The codec configuration changes inside the range. ranges lists the parts that you can request. */
  | 'CODEC_CHANGES'
  /** The archived footage no longer matches the footage of the request. */
  | 'FOOTAGE_CHANGED'
  /** The footage expired before it was fetched. */
  | 'FOOTAGE_EXPIRED'
  /** An internal error of the gateway. See its log. */
  | 'INTERNAL'
  /** Kinesis Video denies the gateway access to this stream. */
  | 'KVS_ACCESS_DENIED'
  /** Kinesis Video throttled the gateway for longer than it can wait. */
  | 'KVS_THROTTLED'
  /** Kinesis Video was unreachable, or ended a response early. */
  | 'KVS_UNAVAILABLE'
  /** The clip store has no space for the clip. */
  | 'STORE_FULL';

/** Whether the MP4 was rebuilt or passed through. */
export type ClipForm =
  /** As Kinesis Video wrote it: it contains something that the gateway cannot rebuild, or it is not rebuilt yet. */
  | 'PASSTHROUGH'
  /** Written with a new layout: moov first, wall-clock times, the same bytes on every gateway. */
  | 'REBUILT';

/** A clip request: the stream, the range and the options. Problems with the input are returned as issues. */
export type ClipInput = {
  /** Where the clip starts and ends. */
  cut?: ClipCut;
  /** End of the range: later than the start, at most 24 hours after it, and in the past with SERVER_TIMESTAMP. Fragments that start at this time are included. */
  endTimestamp: string;
  /** Minimum lifetime of the URL in seconds, from 1 to limits.maxUrlSeconds. The default is limits.defaultUrlSeconds. A URL is valid for up to a quarter longer. The lifetime is part of the id of the clip. A running download can finish. */
  expiresInSeconds?: number | null | undefined;
  /** The file name that browsers suggest, at most 100 characters. The gateway replaces unsafe characters and adds .mp4 when it is missing. */
  fileName?: string | null | undefined;
  /** The clock of startTimestamp and endTimestamp. */
  fragmentSelectorType?: FragmentSelectorType;
  /** What to do when the range has more footage than one GetClip call can return. */
  overflow?: ClipOverflow;
  /** Start of the range. Fragments that start at this time are included. */
  startTimestamp: string;
  /** Exactly one of streamName and streamArn. */
  streamArn?: string | null | undefined;
  /** Exactly one of streamName and streamArn. */
  streamName?: string | null | undefined;
};

/** The kind of an issue. */
export type ClipIssueCode =
  /** The clip would be larger than limits.maxClipBytes. */
  | 'CLIP_TOO_LARGE'
  /** The difference between producer and server timestamps changes by more than a second. */
  | 'CLOCKS_DISAGREE'
  /** The codec configuration changes inside the range. */
  | 'CODEC_PRIVATE_DATA_CHANGES'
  /** The whole range is before the retention period of the stream. */
  | 'END_BEFORE_RETENTION'
  /** The range ends inside a fragment. The whole fragment is included. */
  | 'END_INSIDE_FRAGMENT'
  /** With SERVER_TIMESTAMP, endTimestamp is not in the past. */
  | 'END_IN_FUTURE'
  /** endTimestamp is not later than startTimestamp. */
  | 'END_NOT_AFTER_START'
  /** expiresInSeconds is not from 1 to limits.maxUrlSeconds. */
  | 'EXPIRY_OUT_OF_RANGE'
  /** fileName is empty, too long, or contains an invalid character. */
  | 'FILE_NAME_INVALID'
  /** The end of the range is so recent that some of its footage may not be listed yet. */
  | 'FOOTAGE_NOT_YET_LISTED'
  /** The range has more fragments than one GetClip call returns. */
  | 'FRAGMENT_LIMIT_EXCEEDED'
  /** Part of the range has no footage: a gap, as in coverage with maxGapMs 1000. */
  | 'GAP_IN_RANGE'
  /** The codec private data of a track is unreadable, or not in the form that MP4 needs. */
  | 'INVALID_CODEC_PRIVATE_DATA'
  /** A frame is invalid for its codec. */
  | 'INVALID_MEDIA_FRAME'
  /** The clip needs several GetClip calls, and their responses cannot be joined into one MP4. */
  | 'JOIN_NOT_POSSIBLE'
  /** A track has no codec private data. */
  | 'MISSING_CODEC_PRIVATE_DATA'
  /** The stream keeps no footage (dataRetentionInHours is 0). */
  | 'NO_DATA_RETENTION'
  /** No fragment starts inside the range. */
  | 'NO_FRAGMENTS'
  /** The range is longer than 24 hours. */
  | 'RANGE_TOO_LONG'
  /** The range has more bytes than one GetClip call returns. */
  | 'SIZE_LIMIT_EXCEEDED'
  /** The footage does not start with a key frame. The clip hides the frames before the first key frame, or cannot be made when no key frame is close enough. */
  | 'STARTS_WITHOUT_KEY_FRAME'
  /** The start of the range is before the retention period of the stream. */
  | 'START_BEFORE_RETENTION'
  /** The range starts inside a fragment. That fragment is excluded, because it starts before the range. */
  | 'START_INSIDE_FRAGMENT'
  /** Both streamName and streamArn were given. */
  | 'STREAM_AMBIGUOUS'
  /** streamArn is not the ARN of a Kinesis video stream. */
  | 'STREAM_ARN_INVALID'
  /** streamName is not 1 to 256 letters, digits, dots, underscores and hyphens. */
  | 'STREAM_NAME_INVALID'
  /** The stream is being created or deleted. */
  | 'STREAM_NOT_ACTIVE'
  /** The stream does not exist in this account and Region. */
  | 'STREAM_NOT_FOUND'
  /** Neither streamName nor streamArn was given. */
  | 'STREAM_REQUIRED'
  /** The number or kind of tracks changes inside the range. */
  | 'TRACKS_CHANGE'
  /** The audio is neither AAC nor G.711. */
  | 'UNSUPPORTED_AUDIO_CODEC'
  /** The video is neither H.264 nor H.265. */
  | 'UNSUPPORTED_VIDEO_CODEC';

/** What to do when the range has more footage than one GetClip call can return. */
export type ClipOverflow =
  /** Join the results of several GetClip calls into one MP4. */
  | 'JOIN'
  /** Refuse the request with an issue. */
  | 'REFUSE'
  /** Return what one GetClip call returns: the first 200 fragments or 100 MB. Clip.truncated is then true. */
  | 'TRUNCATE';

/** The state of a clip. */
export type ClipState =
  /** The clip could not be made. failure gives the reason. */
  | 'FAILED'
  /** Bytes are arriving from Kinesis Video. The URL already works. */
  | 'FETCHING'
  /** Neither stored nor being fetched. Opening downloadUrl, subscribing to clipProgress or repeating requestClip starts the fetch. */
  | 'IDLE'
  /** The clip is complete. */
  | 'READY';

/** The fragment timestamp that a range is compared with. */
export type FragmentSelectorType =
  /** The timestamp from the producer: the clock of the camera. */
  | 'PRODUCER_TIMESTAMP'
  /** The time when Kinesis Video received the fragment: the clock of the service. */
  | 'SERVER_TIMESTAMP';

/** The playback mode of an HLS session (PlaybackMode). */
export type HlsPlaybackMode =
  /** The newest footage, as it arrives. */
  | 'LIVE'
  /** Archived footage played as if it were live, from the start of the range, in real time. */
  | 'LIVE_REPLAY'
  /** All footage of the range, up to 1,000 fragments. */
  | 'ON_DEMAND';

/** Whether an issue prevents the clip. */
export type IssueSeverity =
  /** No clip can be made from this input. */
  | 'ERROR'
  /** The clip can be made, but differs from the request. */
  | 'WARNING';

/** The status of a stream, as DescribeStream reports it. */
export type StreamStatus =
  /** Ready to receive and return footage. */
  | 'ACTIVE'
  /** Being created. It does not receive footage yet. */
  | 'CREATING'
  /** Being deleted. */
  | 'DELETING'
  /** Its settings are being changed. It still receives and returns footage. */
  | 'UPDATING';

/** A range of time. Both ends are inclusive and compared with the start of each fragment, as GetClip does. */
export type TimestampRangeInput = {
  /** The end of the range, not before the start. */
  endTimestamp: string;
  /** The start of the range. */
  startTimestamp: string;
};

export type ClipFieldsFragment = { id: string, state: ClipState, form: ClipForm, downloadUrl: string, expiresAt: string, fileName: string, contentType: string, truncated: boolean, fragmentCount: number, sizeBytes: number | null, durationMs: number, progress: number, etag: string | null, requested: { startTimestamp: string, endTimestamp: string, durationMs: number }, delivered: { startTimestamp: string, endTimestamp: string, durationMs: number }, gaps: Array<{ startTimestamp: string, endTimestamp: string, durationMs: number }>, failure: { code: ClipFailureCode, message: string, retryable: boolean } | null };

export type IssueFieldsFragment = { code: ClipIssueCode, severity: IssueSeverity, message: string, path: Array<string>, hint: string | null, retryAfterMs: number | null, ranges: Array<{ startTimestamp: string, endTimestamp: string, durationMs: number }> };

export type RangeFieldsFragment = { startTimestamp: string, endTimestamp: string, durationMs: number };

export type ClipProgressSubscriptionVariables = Exact<{
  id: string | number;
}>;


export type ClipProgressSubscription = { clipProgress: { id: string, state: ClipState, form: ClipForm, downloadUrl: string, expiresAt: string, fileName: string, contentType: string, truncated: boolean, fragmentCount: number, sizeBytes: number | null, durationMs: number, progress: number, etag: string | null, requested: { startTimestamp: string, endTimestamp: string, durationMs: number }, delivered: { startTimestamp: string, endTimestamp: string, durationMs: number }, gaps: Array<{ startTimestamp: string, endTimestamp: string, durationMs: number }>, failure: { code: ClipFailureCode, message: string, retryable: boolean } | null } };

export type ClipQueryVariables = Exact<{
  id: string | number;
}>;


export type ClipQuery = { clip: { id: string, state: ClipState, form: ClipForm, downloadUrl: string, expiresAt: string, fileName: string, contentType: string, truncated: boolean, fragmentCount: number, sizeBytes: number | null, durationMs: number, progress: number, etag: string | null, requested: { startTimestamp: string, endTimestamp: string, durationMs: number }, delivered: { startTimestamp: string, endTimestamp: string, durationMs: number }, gaps: Array<{ startTimestamp: string, endTimestamp: string, durationMs: number }>, failure: { code: ClipFailureCode, message: string, retryable: boolean } | null } | null };

export type RequestClipMutationVariables = Exact<{
  input: ClipInput;
}>;


export type RequestClipMutation = { requestClip: { clip: { id: string, state: ClipState, form: ClipForm, downloadUrl: string, expiresAt: string, fileName: string, contentType: string, truncated: boolean, fragmentCount: number, sizeBytes: number | null, durationMs: number, progress: number, etag: string | null, requested: { startTimestamp: string, endTimestamp: string, durationMs: number }, delivered: { startTimestamp: string, endTimestamp: string, durationMs: number }, gaps: Array<{ startTimestamp: string, endTimestamp: string, durationMs: number }>, failure: { code: ClipFailureCode, message: string, retryable: boolean } | null } | null, issues: Array<{ code: ClipIssueCode, severity: IssueSeverity, message: string, path: Array<string>, hint: string | null, retryAfterMs: number | null, ranges: Array<{ startTimestamp: string, endTimestamp: string, durationMs: number }> }> } | null };

export type StreamCoverageQueryVariables = Exact<{
  name: string;
  range: TimestampRangeInput;
  fragmentSelectorType?: FragmentSelectorType;
  maxGapMs?: number;
}>;


export type StreamCoverageQuery = { stream: { name: string, coverage: { fragmentCount: number, sizeBytes: number, durationMs: number, spans: Array<{ fragmentCount: number, sizeBytes: number, range: { startTimestamp: string, endTimestamp: string } }>, gaps: Array<{ startTimestamp: string, endTimestamp: string, durationMs: number }> } | null } | null };

export type StreamEndpointsQueryVariables = Exact<{
  first: number;
  namePrefix?: string | null | undefined;
  apiName?: ApiName;
}>;


export type StreamEndpointsQuery = { streams: { nodes: Array<{ name: string, dataEndpoint: string | null, again: string | null }> } | null };

export type StreamFragmentsQueryVariables = Exact<{
  name: string;
  range: TimestampRangeInput;
  fragmentSelectorType?: FragmentSelectorType;
  first?: number;
  after?: string | null | undefined;
}>;


export type StreamFragmentsQuery = { stream: { name: string, fragments: { nodes: Array<{ fragmentNumber: string, producerTimestamp: string, serverTimestamp: string, lengthMs: number, sizeBytes: number }>, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, endCursor: string | null } } | null } | null };

export type StreamHlsSessionQueryVariables = Exact<{
  name: string;
  playbackMode?: HlsPlaybackMode;
  range?: TimestampRangeInput | null | undefined;
  fragmentSelectorType?: FragmentSelectorType;
  expiresInSeconds?: number;
}>;


export type StreamHlsSessionQuery = { stream: { name: string, hlsStreamingSession: { url: string, expiresAt: string } | null } | null };

export type StreamMediaQueryVariables = Exact<{
  name: string;
  at?: string | null | undefined;
  fragmentSelectorType?: FragmentSelectorType;
}>;


export type StreamMediaQuery = { stream: { name: string, media: { clippable: boolean, video: { codecId: string, codec: string, width: number, height: number, frameRate: number | null }, audio: { codecId: string, codec: string, channels: number, sampleRate: number } | null, issues: Array<{ code: ClipIssueCode, severity: IssueSeverity, message: string, hint: string | null }> } | null } | null };

export type StreamsQueryVariables = Exact<{
  first?: number;
  after?: string | null | undefined;
  namePrefix?: string | null | undefined;
}>;


export type StreamsQuery = { streams: { nodes: Array<{ id: string, name: string, arn: string, status: StreamStatus, mediaType: string | null, createdAt: string, dataRetentionInHours: number, retainedFrom: string | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null };

export type ValidateClipQueryVariables = Exact<{
  input: ClipInput;
  probe?: boolean;
}>;


export type ValidateClipQuery = { validateClip: { valid: boolean, issues: Array<{ code: ClipIssueCode, severity: IssueSeverity, message: string, path: Array<string>, hint: string | null, retryAfterMs: number | null, ranges: Array<{ startTimestamp: string, endTimestamp: string, durationMs: number }> }>, plan: { fragmentCount: number, estimatedBytes: number, truncated: boolean, parts: number, requested: { startTimestamp: string, endTimestamp: string, durationMs: number }, delivered: { startTimestamp: string, endTimestamp: string, durationMs: number }, gaps: Array<{ startTimestamp: string, endTimestamp: string, durationMs: number }> } | null } | null };

export const RangeFieldsFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"RangeFields"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"TimestampRange"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"startTimestamp"}},{"kind":"Field","name":{"kind":"Name","value":"endTimestamp"}},{"kind":"Field","name":{"kind":"Name","value":"durationMs"}}]}}]} as unknown as DocumentNode<RangeFieldsFragment, unknown>;
export const ClipFieldsFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ClipFields"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Clip"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"form"}},{"kind":"Field","name":{"kind":"Name","value":"downloadUrl"}},{"kind":"Field","name":{"kind":"Name","value":"expiresAt"}},{"kind":"Field","name":{"kind":"Name","value":"fileName"}},{"kind":"Field","name":{"kind":"Name","value":"contentType"}},{"kind":"Field","name":{"kind":"Name","value":"requested"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"RangeFields"}}]}},{"kind":"Field","name":{"kind":"Name","value":"delivered"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"RangeFields"}}]}},{"kind":"Field","name":{"kind":"Name","value":"truncated"}},{"kind":"Field","name":{"kind":"Name","value":"gaps"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"RangeFields"}}]}},{"kind":"Field","name":{"kind":"Name","value":"fragmentCount"}},{"kind":"Field","name":{"kind":"Name","value":"sizeBytes"}},{"kind":"Field","name":{"kind":"Name","value":"durationMs"}},{"kind":"Field","name":{"kind":"Name","value":"progress"}},{"kind":"Field","name":{"kind":"Name","value":"etag"}},{"kind":"Field","name":{"kind":"Name","value":"failure"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"RangeFields"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"TimestampRange"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"startTimestamp"}},{"kind":"Field","name":{"kind":"Name","value":"endTimestamp"}},{"kind":"Field","name":{"kind":"Name","value":"durationMs"}}]}}]} as unknown as DocumentNode<ClipFieldsFragment, unknown>;
export const IssueFieldsFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"IssueFields"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ClipIssue"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"severity"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"hint"}},{"kind":"Field","name":{"kind":"Name","value":"ranges"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"RangeFields"}}]}},{"kind":"Field","name":{"kind":"Name","value":"retryAfterMs"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"RangeFields"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"TimestampRange"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"startTimestamp"}},{"kind":"Field","name":{"kind":"Name","value":"endTimestamp"}},{"kind":"Field","name":{"kind":"Name","value":"durationMs"}}]}}]} as unknown as DocumentNode<IssueFieldsFragment, unknown>;
export const ClipProgressDocument = {"__meta__":{"hash":"sha256:3dffe4a0f9dc4baccbdfed0205950f743bdf00a791b718d10911667319f11447"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"ClipProgress"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"clipProgress"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"ClipFields"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"RangeFields"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"TimestampRange"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"startTimestamp"}},{"kind":"Field","name":{"kind":"Name","value":"endTimestamp"}},{"kind":"Field","name":{"kind":"Name","value":"durationMs"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ClipFields"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Clip"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"form"}},{"kind":"Field","name":{"kind":"Name","value":"downloadUrl"}},{"kind":"Field","name":{"kind":"Name","value":"expiresAt"}},{"kind":"Field","name":{"kind":"Name","value":"fileName"}},{"kind":"Field","name":{"kind":"Name","value":"contentType"}},{"kind":"Field","name":{"kind":"Name","value":"requested"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"RangeFields"}}]}},{"kind":"Field","name":{"kind":"Name","value":"delivered"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"RangeFields"}}]}},{"kind":"Field","name":{"kind":"Name","value":"truncated"}},{"kind":"Field","name":{"kind":"Name","value":"gaps"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"RangeFields"}}]}},{"kind":"Field","name":{"kind":"Name","value":"fragmentCount"}},{"kind":"Field","name":{"kind":"Name","value":"sizeBytes"}},{"kind":"Field","name":{"kind":"Name","value":"durationMs"}},{"kind":"Field","name":{"kind":"Name","value":"progress"}},{"kind":"Field","name":{"kind":"Name","value":"etag"}},{"kind":"Field","name":{"kind":"Name","value":"failure"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}}]}}]} as unknown as DocumentNode<ClipProgressSubscription, ClipProgressSubscriptionVariables>;
export const ClipDocument = {"__meta__":{"hash":"sha256:243ce2e64633a2d627a42febdadb72e55691a96536babfd1d67d6c0be6b42935"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Clip"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"clip"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"ClipFields"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"RangeFields"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"TimestampRange"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"startTimestamp"}},{"kind":"Field","name":{"kind":"Name","value":"endTimestamp"}},{"kind":"Field","name":{"kind":"Name","value":"durationMs"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ClipFields"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Clip"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"form"}},{"kind":"Field","name":{"kind":"Name","value":"downloadUrl"}},{"kind":"Field","name":{"kind":"Name","value":"expiresAt"}},{"kind":"Field","name":{"kind":"Name","value":"fileName"}},{"kind":"Field","name":{"kind":"Name","value":"contentType"}},{"kind":"Field","name":{"kind":"Name","value":"requested"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"RangeFields"}}]}},{"kind":"Field","name":{"kind":"Name","value":"delivered"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"RangeFields"}}]}},{"kind":"Field","name":{"kind":"Name","value":"truncated"}},{"kind":"Field","name":{"kind":"Name","value":"gaps"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"RangeFields"}}]}},{"kind":"Field","name":{"kind":"Name","value":"fragmentCount"}},{"kind":"Field","name":{"kind":"Name","value":"sizeBytes"}},{"kind":"Field","name":{"kind":"Name","value":"durationMs"}},{"kind":"Field","name":{"kind":"Name","value":"progress"}},{"kind":"Field","name":{"kind":"Name","value":"etag"}},{"kind":"Field","name":{"kind":"Name","value":"failure"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}}]}}]} as unknown as DocumentNode<ClipQuery, ClipQueryVariables>;
export const RequestClipDocument = {"__meta__":{"hash":"sha256:71cc5475153a1b54b4ed5d455afa2b5123c15f01abffe64ea69936925e3211d8"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"RequestClip"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ClipInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"requestClip"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"clip"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"ClipFields"}}]}},{"kind":"Field","name":{"kind":"Name","value":"issues"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"IssueFields"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"RangeFields"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"TimestampRange"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"startTimestamp"}},{"kind":"Field","name":{"kind":"Name","value":"endTimestamp"}},{"kind":"Field","name":{"kind":"Name","value":"durationMs"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ClipFields"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Clip"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"form"}},{"kind":"Field","name":{"kind":"Name","value":"downloadUrl"}},{"kind":"Field","name":{"kind":"Name","value":"expiresAt"}},{"kind":"Field","name":{"kind":"Name","value":"fileName"}},{"kind":"Field","name":{"kind":"Name","value":"contentType"}},{"kind":"Field","name":{"kind":"Name","value":"requested"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"RangeFields"}}]}},{"kind":"Field","name":{"kind":"Name","value":"delivered"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"RangeFields"}}]}},{"kind":"Field","name":{"kind":"Name","value":"truncated"}},{"kind":"Field","name":{"kind":"Name","value":"gaps"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"RangeFields"}}]}},{"kind":"Field","name":{"kind":"Name","value":"fragmentCount"}},{"kind":"Field","name":{"kind":"Name","value":"sizeBytes"}},{"kind":"Field","name":{"kind":"Name","value":"durationMs"}},{"kind":"Field","name":{"kind":"Name","value":"progress"}},{"kind":"Field","name":{"kind":"Name","value":"etag"}},{"kind":"Field","name":{"kind":"Name","value":"failure"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"retryable"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"IssueFields"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ClipIssue"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"severity"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"hint"}},{"kind":"Field","name":{"kind":"Name","value":"ranges"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"RangeFields"}}]}},{"kind":"Field","name":{"kind":"Name","value":"retryAfterMs"}}]}}]} as unknown as DocumentNode<RequestClipMutation, RequestClipMutationVariables>;
export const StreamCoverageDocument = {"__meta__":{"hash":"sha256:1dd1a3dfd31a41496f886f5f32008fc797f81fb38c1f939aef8370059a8db8ad"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"StreamCoverage"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"name"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"range"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"TimestampRangeInput"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"fragmentSelectorType"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"FragmentSelectorType"}}},"defaultValue":{"kind":"EnumValue","value":"SERVER_TIMESTAMP"}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"maxGapMs"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Milliseconds"}}},"defaultValue":{"kind":"IntValue","value":"1000"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stream"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"name"},"value":{"kind":"Variable","name":{"kind":"Name","value":"name"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"coverage"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"range"},"value":{"kind":"Variable","name":{"kind":"Name","value":"range"}}},{"kind":"Argument","name":{"kind":"Name","value":"fragmentSelectorType"},"value":{"kind":"Variable","name":{"kind":"Name","value":"fragmentSelectorType"}}},{"kind":"Argument","name":{"kind":"Name","value":"maxGapMs"},"value":{"kind":"Variable","name":{"kind":"Name","value":"maxGapMs"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"spans"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"range"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"startTimestamp"}},{"kind":"Field","name":{"kind":"Name","value":"endTimestamp"}}]}},{"kind":"Field","name":{"kind":"Name","value":"fragmentCount"}},{"kind":"Field","name":{"kind":"Name","value":"sizeBytes"}}]}},{"kind":"Field","name":{"kind":"Name","value":"gaps"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"startTimestamp"}},{"kind":"Field","name":{"kind":"Name","value":"endTimestamp"}},{"kind":"Field","name":{"kind":"Name","value":"durationMs"}}]}},{"kind":"Field","name":{"kind":"Name","value":"fragmentCount"}},{"kind":"Field","name":{"kind":"Name","value":"sizeBytes"}},{"kind":"Field","name":{"kind":"Name","value":"durationMs"}}]}}]}}]}}]} as unknown as DocumentNode<StreamCoverageQuery, StreamCoverageQueryVariables>;
export const StreamEndpointsDocument = {"__meta__":{"hash":"sha256:53a01ed15b18168a83930050a012341e8111ed217afd14dc47f5ae6c8a9ecc0d"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"StreamEndpoints"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"first"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"namePrefix"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"apiName"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ApiName"}}},"defaultValue":{"kind":"EnumValue","value":"GET_CLIP"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"streams"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}},{"kind":"Argument","name":{"kind":"Name","value":"namePrefix"},"value":{"kind":"Variable","name":{"kind":"Name","value":"namePrefix"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"dataEndpoint"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"apiName"},"value":{"kind":"Variable","name":{"kind":"Name","value":"apiName"}}}]},{"kind":"Field","alias":{"kind":"Name","value":"again"},"name":{"kind":"Name","value":"dataEndpoint"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"apiName"},"value":{"kind":"Variable","name":{"kind":"Name","value":"apiName"}}}]}]}}]}}]}}]} as unknown as DocumentNode<StreamEndpointsQuery, StreamEndpointsQueryVariables>;
export const StreamFragmentsDocument = {"__meta__":{"hash":"sha256:90b396d079bef97b0f905c91b8427fc0e419ee7ce528ba90ac46a9c8bdbeb83d"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"StreamFragments"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"name"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"range"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"TimestampRangeInput"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"fragmentSelectorType"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"FragmentSelectorType"}}},"defaultValue":{"kind":"EnumValue","value":"SERVER_TIMESTAMP"}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"first"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}},"defaultValue":{"kind":"IntValue","value":"100"}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stream"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"name"},"value":{"kind":"Variable","name":{"kind":"Name","value":"name"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"fragments"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"range"},"value":{"kind":"Variable","name":{"kind":"Name","value":"range"}}},{"kind":"Argument","name":{"kind":"Name","value":"fragmentSelectorType"},"value":{"kind":"Variable","name":{"kind":"Name","value":"fragmentSelectorType"}}},{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"fragmentNumber"}},{"kind":"Field","name":{"kind":"Name","value":"producerTimestamp"}},{"kind":"Field","name":{"kind":"Name","value":"serverTimestamp"}},{"kind":"Field","name":{"kind":"Name","value":"lengthMs"}},{"kind":"Field","name":{"kind":"Name","value":"sizeBytes"}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"hasPreviousPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}}]}}]}}]}}]} as unknown as DocumentNode<StreamFragmentsQuery, StreamFragmentsQueryVariables>;
export const StreamHlsSessionDocument = {"__meta__":{"hash":"sha256:e1f76c21acef0c8863680334a7e31f96a383858d4012c97338206db9b703b017"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"StreamHlsSession"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"name"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"playbackMode"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"HlsPlaybackMode"}}},"defaultValue":{"kind":"EnumValue","value":"LIVE"}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"range"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"TimestampRangeInput"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"fragmentSelectorType"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"FragmentSelectorType"}}},"defaultValue":{"kind":"EnumValue","value":"SERVER_TIMESTAMP"}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"expiresInSeconds"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}},"defaultValue":{"kind":"IntValue","value":"300"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stream"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"name"},"value":{"kind":"Variable","name":{"kind":"Name","value":"name"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"hlsStreamingSession"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"playbackMode"},"value":{"kind":"Variable","name":{"kind":"Name","value":"playbackMode"}}},{"kind":"Argument","name":{"kind":"Name","value":"range"},"value":{"kind":"Variable","name":{"kind":"Name","value":"range"}}},{"kind":"Argument","name":{"kind":"Name","value":"fragmentSelectorType"},"value":{"kind":"Variable","name":{"kind":"Name","value":"fragmentSelectorType"}}},{"kind":"Argument","name":{"kind":"Name","value":"expiresInSeconds"},"value":{"kind":"Variable","name":{"kind":"Name","value":"expiresInSeconds"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"url"}},{"kind":"Field","name":{"kind":"Name","value":"expiresAt"}}]}}]}}]}}]} as unknown as DocumentNode<StreamHlsSessionQuery, StreamHlsSessionQueryVariables>;
export const StreamMediaDocument = {"__meta__":{"hash":"sha256:9181992fc108d5a70c258514171641c5aee0ac35cc189e82448764a7bd57c1be"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"StreamMedia"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"name"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"at"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"DateTime"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"fragmentSelectorType"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"FragmentSelectorType"}}},"defaultValue":{"kind":"EnumValue","value":"SERVER_TIMESTAMP"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stream"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"name"},"value":{"kind":"Variable","name":{"kind":"Name","value":"name"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"media"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"at"},"value":{"kind":"Variable","name":{"kind":"Name","value":"at"}}},{"kind":"Argument","name":{"kind":"Name","value":"fragmentSelectorType"},"value":{"kind":"Variable","name":{"kind":"Name","value":"fragmentSelectorType"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"video"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"codecId"}},{"kind":"Field","name":{"kind":"Name","value":"codec"}},{"kind":"Field","name":{"kind":"Name","value":"width"}},{"kind":"Field","name":{"kind":"Name","value":"height"}},{"kind":"Field","name":{"kind":"Name","value":"frameRate"}}]}},{"kind":"Field","name":{"kind":"Name","value":"audio"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"codecId"}},{"kind":"Field","name":{"kind":"Name","value":"codec"}},{"kind":"Field","name":{"kind":"Name","value":"channels"}},{"kind":"Field","name":{"kind":"Name","value":"sampleRate"}}]}},{"kind":"Field","name":{"kind":"Name","value":"clippable"}},{"kind":"Field","name":{"kind":"Name","value":"issues"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"severity"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"hint"}}]}}]}}]}}]}}]} as unknown as DocumentNode<StreamMediaQuery, StreamMediaQueryVariables>;
export const StreamsDocument = {"__meta__":{"hash":"sha256:af68223a29b572e5d665ab8523e68fc3222eaef3f8ef9ba7d39b1f49a09e08b6"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Streams"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"first"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}},"defaultValue":{"kind":"IntValue","value":"50"}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"namePrefix"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"streams"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}},{"kind":"Argument","name":{"kind":"Name","value":"namePrefix"},"value":{"kind":"Variable","name":{"kind":"Name","value":"namePrefix"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"arn"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"mediaType"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"dataRetentionInHours"}},{"kind":"Field","name":{"kind":"Name","value":"retainedFrom"}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}}]}}]}}]} as unknown as DocumentNode<StreamsQuery, StreamsQueryVariables>;
export const ValidateClipDocument = {"__meta__":{"hash":"sha256:4fe8db4dca7c7ad71679212158da8cb934db932f965dec54c25537fb1dda5212"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"ValidateClip"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ClipInput"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"probe"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Boolean"}}},"defaultValue":{"kind":"BooleanValue","value":false}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"validateClip"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}},{"kind":"Argument","name":{"kind":"Name","value":"probe"},"value":{"kind":"Variable","name":{"kind":"Name","value":"probe"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"valid"}},{"kind":"Field","name":{"kind":"Name","value":"issues"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"IssueFields"}}]}},{"kind":"Field","name":{"kind":"Name","value":"plan"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"fragmentCount"}},{"kind":"Field","name":{"kind":"Name","value":"estimatedBytes"}},{"kind":"Field","name":{"kind":"Name","value":"requested"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"RangeFields"}}]}},{"kind":"Field","name":{"kind":"Name","value":"delivered"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"RangeFields"}}]}},{"kind":"Field","name":{"kind":"Name","value":"truncated"}},{"kind":"Field","name":{"kind":"Name","value":"gaps"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"RangeFields"}}]}},{"kind":"Field","name":{"kind":"Name","value":"parts"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"RangeFields"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"TimestampRange"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"startTimestamp"}},{"kind":"Field","name":{"kind":"Name","value":"endTimestamp"}},{"kind":"Field","name":{"kind":"Name","value":"durationMs"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"IssueFields"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ClipIssue"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"severity"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"hint"}},{"kind":"Field","name":{"kind":"Name","value":"ranges"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"RangeFields"}}]}},{"kind":"Field","name":{"kind":"Name","value":"retryAfterMs"}}]}}]} as unknown as DocumentNode<ValidateClipQuery, ValidateClipQueryVariables>;