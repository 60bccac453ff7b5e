import { GatewayError } from '../../src/domain/errors.js'
import type { ListedFragment } from '../../src/domain/listed-fragment.js'
import type { StreamRef } from '../../src/domain/stream-ref.js'
import {
  type EndpointDirectory,
  type EndpointKey,
  type FragmentLister,
  type FragmentMediaSource,
  type FragmentQuery,
  type HlsSessionRequest,
  type HlsSessionSource,
  type QuotaBook,
  type StreamCatalog,
  type StreamDescription,
  TooManyFragments,
} from '../../src/kvs/ports.js'

export function fakeStream(name: string, changes: Partial<StreamDescription> = {}): StreamDescription {
  return {
    name,
    arn: `arn:aws:kinesisvideo:us-east-1:123456789012:stream/${name}/1700000000000`,
    status: 'ACTIVE',
    mediaType: 'video/h264',
    deviceName: null,
    kmsKeyId: 'alias/aws/kinesisvideo',
    version: 'abcdefghijABCDEFGHIJ',
    createdAtMs: 1_700_000_000_000,
    dataRetentionInHours: 24,
    ...changes,
  }
}

/** An in-memory catalog that counts its calls. */
export class FakeStreams implements StreamCatalog {
  readonly findManyCalls: (readonly StreamRef[])[] = []
  readonly lists: object[] = []
  failure: Error | null = null

  constructor(private readonly streams: readonly StreamDescription[]) {}

  async find(ref: StreamRef): Promise<StreamDescription | null> {
    return this.streams.find((stream) => ('arn' in ref ? stream.arn === ref.arn : stream.name === ref.name)) ?? null
  }

  async findMany(refs: readonly StreamRef[], signal: AbortSignal): Promise<(StreamDescription | null | Error)[]> {
    signal.throwIfAborted()
    this.findManyCalls.push(refs)
    return Promise.all(refs.map((ref) => this.failure ?? this.find(ref)))
  }

  async list({ namePrefix = '', afterName = '', limit }: { namePrefix?: string; afterName?: string; limit: number }) {
    this.lists.push({ namePrefix, afterName, limit })
    const after = this.streams.filter(({ name }) => name.startsWith(namePrefix) && name > afterName)
    return { streams: after.slice(0, limit), hasMore: after.length > limit }
  }

  async findSuccessor(): Promise<StreamDescription | null> {
    return null
  }

  async tags(ref: StreamRef, _signal: AbortSignal): Promise<readonly { readonly key: string; readonly value: string }[] | null> {
    return (
      (await this.find(ref)) && [
        { key: 'site', value: 'north' },
        { key: 'floor', value: '' },
      ]
    )
  }
}

/** Counts each endpoint lookup. Lookups of streams named `broken…` fail. */
export class FakeEndpoints implements EndpointDirectory {
  readonly batches: (readonly EndpointKey[])[] = []

  async getMany(keys: readonly EndpointKey[]): Promise<(string | Error)[]> {
    this.batches.push(keys)
    return keys.map(({ streamArn, api }) =>
      streamArn.includes('/broken')
        ? new Error('socket hang up at 10.0.0.1')
        : `https://${api.toLowerCase().replaceAll('_', '-')}.example.com`,
    )
  }
}

/** In-memory fragments, listed as the port requires: sorted, both ends inclusive. A truncated listing has every third fragment. */
export class FakeFragments implements FragmentLister {
  readonly queries: FragmentQuery[] = []

  constructor(private readonly fragments: readonly ListedFragment[]) {}

  async list(query: FragmentQuery): Promise<readonly ListedFragment[]> {
    this.queries.push(query)
    const timeOf = (row: ListedFragment) =>
      query.fragmentSelectorType === 'SERVER_TIMESTAMP' ? row.serverTimestampMs : row.producerTimestampMs
    const rows = this.fragments
      .filter((row) => timeOf(row) >= query.range.startMs && timeOf(row) <= query.range.endMs)
      .toSorted((a, b) => timeOf(a) - timeOf(b) || (BigInt(a.fragmentNumber) < BigInt(b.fragmentNumber) ? -1 : 1))
    const { atMost = Number.POSITIVE_INFINITY } = query
    if (rows.length <= atMost) return rows
    throw new TooManyFragments(
      atMost,
      rows.filter((_, index) => index % 3 === 1),
    )
  }
}

/** Matroska by fragment number, in chunks of `chunkBytes`. */
export class FakeFragmentMedia implements FragmentMediaSource {
  readonly bodies = new Map<string, Uint8Array>()
  readonly requested: string[] = []
  /** How many bytes were read. */
  readBytes = 0
  chunkBytes = 1000

  async getMedia(_streamArn: string, fragmentNumbers: readonly string[]): Promise<AsyncIterable<Uint8Array>> {
    const number = fragmentNumbers.join()
    this.requested.push(number)
    return this.#read(this.bodies.get(number) ?? new Uint8Array(0))
  }

  async *#read(body: Uint8Array): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < body.length; at += this.chunkBytes) {
      const chunk = body.subarray(at, at + this.chunkBytes)
      this.readBytes += chunk.length
      yield chunk
    }
  }
}

/** Half of the points of every stream are left. */
export const fakeQuotas: QuotaBook = {
  read: async () => ({
    mediaPointsPerSecond: 500,
    mediaPointsAvailable: 250,
    metadataPointsPerSecond: 10_000,
    metadataPointsAvailable: 5_000,
  }),
}

/** Sessions that are recorded and play nothing. Streams named `empty…` have no fragments. */
export class FakeHlsSessions implements HlsSessionSource {
  readonly requests: HlsSessionRequest[] = []

  async getSessionUrl(request: HlsSessionRequest): Promise<string> {
    if (request.streamArn.includes('/empty'))
      throw new GatewayError('NOT_FOUND', 'No fragments found in the stream for the streaming request.')
    this.requests.push(request)
    return 'https://hls.example.com/hls/v1/getHLSMasterPlaylist.m3u8?SessionToken=sealed~'
  }
}

/** `count` fragments of two seconds each, starting at `startMs`. */
export function fakeFragments(count: number, startMs: number, stepMs = 2000): ListedFragment[] {
  return Array.from({ length: count }, (_, index) => ({
    fragmentNumber: `9134385233318${String(index).padStart(10, '0')}`,
    producerTimestampMs: startMs + index * stepMs,
    serverTimestampMs: startMs + index * stepMs + 300,
    lengthMs: 1960,
    sizeBytes: 50_000 + index,
  }))
}
