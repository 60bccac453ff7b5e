import { GatewayError } from '../domain/errors.js'
import type { StreamRef } from '../domain/stream-ref.js'
import type { FragmentSelectorType, TimeRange } from '../domain/time-range.js'
import type { EpochMs } from '../lib/clock.js'

/** The APIs of which GetDataEndpoint knows an endpoint (APIName). */
export const API_NAMES = [
  'PUT_MEDIA',
  'GET_MEDIA',
  'LIST_FRAGMENTS',
  'GET_MEDIA_FOR_FRAGMENT_LIST',
  'GET_HLS_STREAMING_SESSION_URL',
  'GET_DASH_STREAMING_SESSION_URL',
  'GET_CLIP',
  'GET_IMAGES',
] as const
export type ApiName = (typeof API_NAMES)[number]

/** StreamInfo of DescribeStream and ListStreams. */
export interface StreamDescription {
  readonly name: string
  readonly arn: string
  readonly status: 'CREATING' | 'ACTIVE' | 'UPDATING' | 'DELETING'
  readonly mediaType: string | null
  readonly deviceName: string | null
  readonly kmsKeyId: string | null
  readonly version: string
  readonly createdAtMs: EpochMs
  /** 0: nothing is kept. */
  readonly dataRetentionInHours: number
}

/** A row of ListFragments. */
export interface FragmentInfo {
  readonly fragmentNumber: string
  readonly producerTimestampMs: EpochMs
  readonly serverTimestampMs: EpochMs
  /** As KVS reports it: short by about one frame (kvs facts, 3.3). */
  readonly lengthMs: number
  readonly sizeBytes: number
}

/**
 * Streams of the account. Every method refuses with a GatewayError: KVS_THROTTLED, KVS_UNAVAILABLE, KVS_ACCESS_DENIED.
 * https://docs.aws.amazon.com/kinesisvideostreams/latest/dg/API_DescribeStream.html, API_ListStreams, API_ListTagsForStream
 */
export interface StreamCatalog {
  /** Null when there is none. Remembered for 5 s; calls in flight are shared. */
  find(stream: StreamRef, signal: AbortSignal): Promise<StreamDescription | null>
  /**
   * What a name means now, for a stream that was found a moment ago and that a call no longer finds: it may have been deleted and created
   * again. Asks anew; null unless the name has another ARN by now.
   */
  findSuccessor(stream: Pick<StreamDescription, 'name' | 'arn'>, signal: AbortSignal): Promise<StreamDescription | null>
  /** As many as are found of these ARNs or names, by ListStreams pages when there are many, by DescribeStream when there are few. */
  findMany(streams: readonly StreamRef[], signal: AbortSignal): Promise<(StreamDescription | null | Error)[]>
  /** In order of name, those whose names come after `afterName`, at most `limit`. */
  list(
    options: { readonly namePrefix?: string; readonly afterName?: string; readonly limit: number },
    signal: AbortSignal,
  ): Promise<{ readonly streams: readonly StreamDescription[]; readonly hasMore: boolean }>
  /** Null when there is no such stream. Remembered for a minute; calls in flight are shared. */
  tags(stream: StreamRef, signal: AbortSignal): Promise<readonly { readonly key: string; readonly value: string }[] | null>
}

/** GetDataEndpoint, remembered for 45 minutes by the whole process. */
export interface EndpointDirectory {
  /** One entry for each key, in order; an Error where a lookup failed. */
  getMany(keys: readonly EndpointKey[], signal: AbortSignal): Promise<(string | Error)[]>
  /** Forgets an endpoint that a call to it has failed at. */
  forget(key: EndpointKey): void
}
export interface EndpointKey {
  readonly streamArn: string
  readonly api: ApiName
}

/** ListFragments: https://docs.aws.amazon.com/kinesisvideostreams/latest/dg/API_reader_ListFragments.html */
export interface FragmentLister {
  /**
   * All fragments whose start is in the range, sorted by the selector's timestamp and then by number. Empty if there is no footage. Throws
   * NOT_FOUND if the stream does not exist, and TooManyFragments.
   */
  list(query: FragmentQuery, signal: AbortSignal): Promise<readonly FragmentInfo[]>
}
export interface FragmentQuery {
  readonly streamArn: string
  readonly fragmentSelectorType: FragmentSelectorType
  readonly range: TimeRange
  /** How many fragments the caller expects at most. Sets MaxResults, because the quota counts the requested rows. */
  readonly expected?: number
  /** If there are more fragments, the listing stops with TooManyFragments. */
  readonly atMost?: number
}

/** The limit of the query. Has a class of its own because the service also refuses with BAD_USER_INPUT, where shorter ranges do not help. */
export class TooManyFragments extends GatewayError {
  constructor(
    readonly atMost: number,
    /** The fragments listed before the limit, sorted. Not necessarily the first of the range. */
    readonly listed: readonly FragmentInfo[] = [],
  ) {
    super('BAD_USER_INPUT', `The range has more than ${atMost} fragments. Request a shorter range.`)
  }
}

/** Why GetClip refused; what each means is in kvs facts, 3.2. */
export type ClipRefusal =
  | 'NO_FRAGMENTS'
  | 'STREAM_NOT_FOUND'
  | 'OUTSIDE_RETENTION'
  | 'NO_DATA_RETENTION'
  | 'UNSUPPORTED_MEDIA_TYPE'
  | 'MISSING_CODEC_PRIVATE_DATA'
  | 'INVALID_CODEC_PRIVATE_DATA'
  | 'INVALID_MEDIA_FRAME'
  | 'INVALID_ARGUMENT'

/** A refusal of GetClip that has to do with the footage or the range; all else is a GatewayError. */
export class ClipRefused extends Error {
  override readonly name = 'ClipRefused'

  constructor(
    readonly refusal: ClipRefusal,
    message: string,
    readonly awsRequestId: string | null = null,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}

/** 100 MB, whichever MB it is, with a whole fragment of 50 MB that crosses the limit, and room for the head. */
export const MOST_CLIP_BODY_BYTES = 256 * 1024 * 1024

export interface ClipBody {
  readonly contentType: string
  /** Null when the answer is chunked. */
  readonly sizeBytes: number | null
  /**
   * Ends normally only when every byte has come; a broken transfer throws. Returning early frees the socket. A chunk that is all of its
   * buffer belongs to the reader, who may free that memory.
   */
  readonly bytes: AsyncIterable<Uint8Array>
}

export interface ClipRequestOfKvs {
  readonly streamArn: string
  readonly fragmentSelectorType: FragmentSelectorType
  readonly range: TimeRange
  /** How many fragments the clip will hold, which is what it costs of the stream's quota; the most that there can be when left out. */
  readonly expectedFragments?: number
  /** Hears why the clip is late, each time that the service throttles it or its quota is used up: it is asked for again by itself. */
  readonly onThrottled?: (reason: GatewayError) => void
}

/** GetClip: https://docs.aws.amazon.com/kinesisvideostreams/latest/dg/API_reader_GetClip.html */
export interface ClipSource {
  /**
   * Resolves when the headers are there. Throws ClipRefused or GatewayError. Throttling is retried with back-off until `signal`, which
   * cuts the body, too.
   */
  getClip(request: ClipRequestOfKvs, signal: AbortSignal): Promise<ClipBody>
}

/** GetMediaForFragmentList: whole Matroska documents, one a fragment. */
export interface FragmentMediaSource {
  getMedia(
    streamArn: string,
    fragmentNumbers: readonly string[],
    signal: AbortSignal,
    options?: Pick<ClipRequestOfKvs, 'onThrottled'>,
  ): Promise<AsyncIterable<Uint8Array>>
}

export interface HlsSessionRequest {
  readonly streamArn: string
  readonly playbackMode: 'LIVE' | 'LIVE_REPLAY' | 'ON_DEMAND'
  readonly fragmentSelectorType: FragmentSelectorType
  readonly range: TimeRange | null
  readonly expiresInSeconds: number
}

/** GetHLSStreamingSessionURL. */
export interface HlsSessionSource {
  getSessionUrl(request: HlsSessionRequest, signal: AbortSignal): Promise<string>
}
