import { GatewayError } from '../domain/errors.js'
import type { HlsSessionChoice } from '../domain/hls-session.js'
import type { ListedFragment } from '../domain/listed-fragment.js'
import type { StreamRef } from '../domain/stream-ref.js'
import type { FragmentSelectorType, TimeRange } from '../domain/time-range.js'
import type { EpochMs } from '../lib/clock.js'

/** The APIs that have a data endpoint (APIName of GetDataEndpoint). */
export type ApiName =
  | 'PUT_MEDIA'
  | 'GET_MEDIA'
  | 'LIST_FRAGMENTS'
  | 'GET_MEDIA_FOR_FRAGMENT_LIST'
  | 'GET_HLS_STREAMING_SESSION_URL'
  | 'GET_DASH_STREAMING_SESSION_URL'
  | 'GET_CLIP'
  | 'GET_IMAGES'

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
  /** 0 if the stream keeps no footage. */
  readonly dataRetentionInHours: number
}

/**
 * The streams of the account. Every method throws GatewayError: KVS_THROTTLED, KVS_UNAVAILABLE or KVS_ACCESS_DENIED.
 * https://docs.aws.amazon.com/kinesisvideostreams/latest/dg/API_DescribeStream.html, API_ListStreams, API_ListTagsForStream
 */
export interface StreamCatalog {
  /** Null when the stream does not exist. Cached for 5 s; concurrent calls are shared. */
  find(stream: StreamRef, signal: AbortSignal): Promise<StreamDescription | null>
  /**
   * Finds the stream that replaced a stream which a call no longer finds: it may have been deleted and created again with the same name. Bypasses the
   * cache. Null unless the name now has another ARN.
   */
  findSuccessor(stream: Pick<StreamDescription, 'name' | 'arn'>, signal: AbortSignal): Promise<StreamDescription | null>
  /** Returns one entry for each stream, in order. Calls DescribeStream for a few streams and ListStreams for many. */
  findMany(streams: readonly StreamRef[], signal: AbortSignal): Promise<(StreamDescription | null | Error)[]>
  /** At most `limit` streams whose names are after `afterName`, sorted by name. */
  list(
    options: { readonly namePrefix?: string; readonly afterName?: string; readonly limit: number },
    signal: AbortSignal,
  ): Promise<{ readonly streams: readonly StreamDescription[]; readonly hasMore: boolean }>
  /** Null when the stream does not exist. Cached for a minute; concurrent calls are shared. */
  tags(stream: StreamRef, signal: AbortSignal): Promise<readonly { readonly key: string; readonly value: string }[] | null>
}

/** GetDataEndpoint, cached for 45 minutes for the whole process. */
export interface EndpointDirectory {
  /** Returns one entry for each key, in order. An Error for a failed lookup. */
  getMany(keys: readonly EndpointKey[], signal: AbortSignal): Promise<(string | Error)[]>
}
export interface EndpointKey {
  readonly streamArn: string
  readonly api: ApiName
}

/** Points of archived reads. */
export interface StreamQuotaPoints {
  readonly mediaPointsPerSecond: number
  readonly mediaPointsAvailable: number
  readonly metadataPointsPerSecond: number
  readonly metadataPointsAvailable: number
}

/** What this gateway knows of the quotas. */
export interface QuotaBook {
  read(streamArn: string, signal: AbortSignal): Promise<StreamQuotaPoints>
}

/** ListFragments: https://docs.aws.amazon.com/kinesisvideostreams/latest/dg/API_reader_ListFragments.html */
export interface FragmentLister {
  /**
   * All fragments whose start is in the range, sorted by the selector's timestamp and then by number. Empty if there is no footage. Throws
   * NOT_FOUND if the stream does not exist, and TooManyFragments.
   */
  list(query: FragmentQuery, signal: AbortSignal): Promise<readonly ListedFragment[]>
}
/** A range of a stream by one clock. */
export interface FootageQuery {
  readonly streamArn: string
  readonly fragmentSelectorType: FragmentSelectorType
  readonly range: TimeRange
}
export interface FragmentQuery extends FootageQuery {
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
    readonly listed: readonly ListedFragment[] = [],
  ) {
    super('BAD_USER_INPUT', `The range has more than ${atMost} fragments. Request a shorter range.`)
  }
}

/** Why GetClip refused (kvs facts, 3.2). */
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

/** GetClip refused because of the footage or the range. Other errors are GatewayErrors. */
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

/** The limit of GetClip (100 MB or MiB), plus a fragment of 50 MB that crosses the limit, plus room for the head. */
export const MOST_CLIP_BODY_BYTES = 256 * 1024 * 1024

export interface ClipBody {
  /** Null for a chunked response. */
  readonly sizeBytes: number | null
  /**
   * Ends normally only after the last byte; an incomplete transfer throws. Returning early releases the socket. A chunk that spans its whole buffer
   * belongs to the reader, which may free that memory.
   */
  readonly bytes: AsyncIterable<Uint8Array>
}

export interface ClipRequestOfKvs extends FootageQuery {
  /** The number of fragments in the clip, which it takes from the stream's quota. The default is the maximum of GetClip. */
  readonly expectedFragments?: number
  /** Whether it goes behind interactive reads, because it is one of many. The default is false. */
  readonly isBulk?: boolean
  /** Called each time that the request is throttled or waits for its quota. The request is then retried. */
  readonly onThrottled?: (reason: GatewayError) => void
}

/** GetClip: https://docs.aws.amazon.com/kinesisvideostreams/latest/dg/API_reader_GetClip.html */
export interface ClipSource {
  /**
   * Resolves with the response headers. Throws ClipRefused or GatewayError. Retries throttled requests with backoff until `signal` aborts. The signal
   * also aborts the body.
   */
  getClip(request: ClipRequestOfKvs, signal: AbortSignal): Promise<ClipBody>
}

/** GetMediaForFragmentList: one complete Matroska document for each fragment. */
export interface FragmentMediaSource {
  getMedia(
    streamArn: string,
    fragmentNumbers: readonly string[],
    signal: AbortSignal,
    options?: Pick<ClipRequestOfKvs, 'onThrottled'>,
  ): Promise<AsyncIterable<Uint8Array>>
}

export interface HlsSessionRequest extends HlsSessionChoice {
  readonly streamArn: string
}

/** GetHLSStreamingSessionURL. */
export interface HlsSessionSource {
  getSessionUrl(request: HlsSessionRequest, signal: AbortSignal): Promise<string>
}
