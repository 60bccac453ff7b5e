// The quotas of Kinesis Video Streams on rates and connections. The operations enforce limits on sizes and durations.
import type { Clock } from '../../lib/clock.js'
import { TokenBucket } from '../../lib/token-bucket.js'
import { AwsException } from '../wire/aws-exception.js'
import { type PacedOperation, TRANSFER_RATES, TransferPace } from './transfer-pace.js'

interface RequestRate {
  readonly perAccount?: number
  readonly perStream?: number
  /** For each request of the player of a streaming session. */
  readonly perSession?: number
}

const CHANGE: RequestRate = { perAccount: 50, perStream: 5 }

/** Requests per second, from the quota tables of the service (control plane and data plane). */
export const REQUEST_RATES: Readonly<Record<string, RequestRate>> = {
  CreateStream: { perAccount: 50 },
  DescribeStream: { perAccount: 300, perStream: 5 },
  GetDataEndpoint: { perAccount: 300, perStream: 5 },
  ListStreams: { perAccount: 50 },
  UpdateStream: CHANGE,
  UpdateDataRetention: CHANGE,
  DeleteStream: CHANGE,
  TagStream: CHANGE,
  UntagStream: CHANGE,
  ListTagsForStream: CHANGE,
  DescribeStreamStorageConfiguration: CHANGE,
  UpdateStreamStorageConfiguration: CHANGE,
  PutMedia: { perStream: 5 },
  GetMedia: { perStream: 5 },
  GetHLSStreamingSessionURL: { perStream: 25 },
  GetHLSMasterPlaylist: { perSession: 5 },
  GetHLSMediaPlaylist: { perSession: 5 },
  GetMP4InitFragment: { perSession: 5 },
  GetMP4MediaFragment: { perSession: 20 },
}

/** Connections open at once, for each stream. */
export const CONNECTION_LIMITS = { GetMedia: 3, GetMediaForFragmentList: 5 } as const
/** Points that archived reads of one stream may use in a second. */
export const MEDIA_POINTS_PER_SECOND = 500
export const METADATA_POINTS_PER_SECOND = 10_000
export const STREAMS_PER_ACCOUNT = 10_000
const BUCKETS_BEFORE_SWEEP = 10_000

export class Quotas {
  /** Off for tests and benchmarks: nothing is refused or slowed down. */
  readonly enabled: boolean
  readonly #clock: Clock
  readonly #counts = new Map<string, TokenBucket>()
  readonly #paces = new Map<string, TransferPace>()
  readonly #connections = new Map<string, Set<symbol>>()

  constructor({ clock, enabled }: { readonly clock: Clock; readonly enabled: boolean }) {
    this.#clock = clock
    this.enabled = enabled
  }

  /** Counts a request. `streamId` is null if the request names no existing stream. */
  admit(operation: string, streamId: number | null): void {
    const { perAccount, perStream } = REQUEST_RATES[operation] ?? {}
    const ofStream = streamId === null ? [] : this.#buckets(`${operation} ${streamId}`, perStream)
    takeOne(operation, [...this.#buckets(operation, perAccount), ...ofStream])
  }

  admitSession(operation: string, sessionId: string): void {
    takeOne(operation, this.#buckets(`${operation} session:${sessionId}`, REQUEST_RATES[operation]?.perSession))
  }

  /**
   * Takes quota points of a stream, or throws and takes none. A request may cost more than one second adds (a list of 1,000 fragments costs
   * 1,000 media points): it is admitted when the bucket is full, and the next request waits until the debt is refilled.
   */
  charge(streamId: number, { media = 0, metadata = 0 }: { readonly media?: number; readonly metadata?: number }): void {
    if (!this.enabled) return
    const mediaPoints = this.#bucket(`media ${streamId}`, MEDIA_POINTS_PER_SECOND)
    const metadataPoints = this.#bucket(`metadata ${streamId}`, METADATA_POINTS_PER_SECOND)
    const waitMs = Math.max(mediaPoints.waitMs(media), metadataPoints.waitMs(metadata))
    if (waitMs > 0) throw exceeded("the stream's fragment quota points", waitMs)
    mediaPoints.take(media)
    metadataPoints.take(metadata)
  }

  /** Counts an open connection until the returned function is called, which may be called more than once. */
  connect(operation: keyof typeof CONNECTION_LIMITS, streamId: number): () => void {
    if (!this.enabled) return () => {}
    const key = `${operation} ${streamId}`
    const open = this.#connections.get(key) ?? new Set()
    if (open.size >= CONNECTION_LIMITS[operation]) {
      throw new AwsException(
        operation === 'GetMedia' ? 'ConnectionLimitExceededException' : 'ClientLimitExceededException',
        `${operation}: the stream has ${open.size} connections open, which is the limit`,
      )
    }
    const connection = Symbol(key)
    this.#connections.set(key, open.add(connection))
    return () => open.delete(connection)
  }

  /** The transfer rate of a stream, which all its connections share. Null if quotas are off. */
  pace(operation: PacedOperation, streamId: number): TransferPace | null {
    if (!this.enabled) return null
    const key = `${operation} ${streamId}`
    const pace = this.#paces.get(key) ?? new TransferPace(this.#clock, TRANSFER_RATES[operation])
    this.#paces.set(key, pace)
    return pace
  }

  /** Drops the counts of a deleted stream. Its id is never used again. */
  forget(streamId: number): void {
    for (const counts of [this.#counts, this.#paces, this.#connections]) {
      for (const key of counts.keys()) if (key.endsWith(` ${streamId}`)) counts.delete(key)
    }
  }

  /** None if there is no limit, or quotas are off. */
  #buckets(key: string, perSecond: number | undefined): TokenBucket[] {
    return this.enabled && perSecond !== undefined ? [this.#bucket(key, perSecond)] : []
  }

  #bucket(key: string, perSecond: number): TokenBucket {
    const known = this.#counts.get(key)
    if (known !== undefined) return known
    if (this.#counts.size >= BUCKETS_BEFORE_SWEEP) this.#sweep()
    const bucket = new TokenBucket({ clock: this.#clock, perSecond })
    this.#counts.set(key, bucket)
    return bucket
  }

  // A full bucket equals a new one.
  #sweep(): void {
    for (const [key, bucket] of this.#counts) if (bucket.isFull()) this.#counts.delete(key)
  }
}

/** @throws AwsException */
function takeOne(operation: string, buckets: readonly TokenBucket[]): void {
  const waitMs = Math.max(0, ...buckets.map((bucket) => bucket.waitMs(1)))
  if (waitMs > 0) throw exceeded(`the requests a second of ${operation}`, waitMs)
  for (const bucket of buckets) bucket.take(1)
}

function exceeded(what: string, waitMs: number): AwsException {
  return new AwsException('ClientLimitExceededException', `Rate exceeded: ${what} are used up. Try again in ${waitMs} ms.`)
}
