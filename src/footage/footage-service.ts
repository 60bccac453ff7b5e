import { LRUCache } from 'lru-cache'
import type { ClipIssue } from '../domain/clip-issue.js'
import { type Coverage, toCoverage } from '../domain/coverage.js'
import { GatewayError } from '../domain/errors.js'
import { joinColumns } from '../domain/fragment-columns.js'
import { KVS_LIMITS } from '../domain/limits.js'
import { type MediaSignature, toMediaSignature } from '../domain/media-signature.js'
import { toRetainedFrom } from '../domain/retention.js'
import type { StreamMedia } from '../domain/stream-media.js'
import { type FragmentSelectorType, type TimeRange, toEarlier } from '../domain/time-range.js'
import type { FragmentLister, FragmentMediaSource, StreamDescription } from '../kvs/ports.js'
import type { Clock, EpochMs } from '../lib/clock.js'
import { takeTurn } from '../lib/semaphore.js'
import { SingleFlight } from '../lib/single-flight.js'
import { estimateFrameRate } from '../media/timeline/frame-rate.js'
import { type FoundFragment, findFragmentAt, findNewestFragment } from './fragment-finder.js'
import { FragmentMemory } from './fragment-memory.js'
import { type FragmentName, type FragmentReading, readFragment } from './fragment-reading.js'
import { toMediaIssues, toStreamMedia } from './to-stream-media.js'

/** A fragment never changes. After this time it is rarely read again. */
const READING_TTL_MS = 600_000
const MAX_READINGS = 1000
/** Pictures with a longer rest between them have no frame rate. */
const MAX_REST_MS = 60_000
/** Equal to the lifetime of a cached stream description. */
const FOUND_TTL_MS = 5_000
const MAX_FOUND = 20_000
/** More fragments wait for a turn of the event loop. A day takes 2 ms and 1 MB, 10,000 fragments with holes between them 10 ms and 2 MB. */
const MANY_FRAGMENTS = 1000
/** More spans would make a response of many megabytes. */
const MAX_SPANS = 10_000

export interface CoverageQuery {
  readonly range: TimeRange
  readonly fragmentSelectorType: FragmentSelectorType
  readonly maxGapMs: number
}

export interface MediaQuery {
  /** Null means the newest footage. */
  readonly instantMs: EpochMs | null
  readonly fragmentSelectorType: FragmentSelectorType
}

type StreamFacts = Pick<StreamDescription, 'name' | 'arn' | 'status' | 'createdAtMs' | 'dataRetentionInHours'>

export interface FootageServiceOptions {
  readonly fragments: FragmentLister
  readonly media: FragmentMediaSource
  readonly clock: Clock
}

/** Where streams have footage, and its codecs. */
export class FootageService {
  readonly #memory: FragmentMemory
  readonly #flights = new SingleFlight<Findings>()
  readonly #findings: LRUCache<string, Findings>
  readonly #searches = new SingleFlight<FoundFragment | null>()
  readonly #found: LRUCache<string, { readonly found: FoundFragment | null }>

  constructor(private readonly options: FootageServiceOptions) {
    this.#memory = new FragmentMemory(options)
    const timed = { perf: options.clock, ttlResolution: 0 }
    this.#findings = new LRUCache({ max: MAX_READINGS, ttl: READING_TTL_MS, ...timed })
    this.#found = new LRUCache({ max: MAX_FOUND, ttl: FOUND_TTL_MS, ...timed })
  }

  /** Fragments that were listed before an error are remembered. @throws GatewayError */
  async coverage(stream: StreamFacts, { range, fragmentSelectorType, maxGapMs }: CoverageQuery, signal: AbortSignal): Promise<Coverage> {
    const listed = this.#toListedRange(stream, range, fragmentSelectorType)
    const query = listed && { streamArn: stream.arn, fragmentSelectorType, range: listed }
    const parts = query ? await this.#memory.read(query, signal) : []
    if (parts.reduce((sum, { count }) => sum + count, 0) > MANY_FRAGMENTS) await takeTurn()
    signal.throwIfAborted()
    const coverage = toCoverage(joinColumns(parts), range, maxGapMs)
    if (coverage.spans.length <= MAX_SPANS) return coverage
    const text = `The range has ${coverage.spans.length} spans, and the maximum is ${MAX_SPANS}. Request a shorter range or a larger maxGapMs (got ${maxGapMs}).`
    throw new GatewayError('BAD_USER_INPUT', text)
  }

  /** Null if there is no footage, or none at the instant. @throws GatewayError with code NOT_FOUND if the footage has no video */
  async media(stream: StreamFacts, query: MediaQuery, signal: AbortSignal): Promise<StreamMedia | null> {
    const found = await this.#findRemembered(stream, query, signal)
    if (found === null) return null
    const { fragmentNumber } = found.fragment
    const { media, pictures } = await this.#read({ streamArn: stream.arn, fragmentNumber }, signal)
    if (media !== null) return pictures === 1 ? withListedRate(media, found) : media
    throw new GatewayError('NOT_FOUND', `The footage of the stream ${stream.name} has no video (fragment ${fragmentNumber}).`)
  }

  /** Why GetClip would refuse a clip that starts with this fragment. The issues have no path. */
  async probe(streamArn: string, fragmentNumber: string, signal: AbortSignal): Promise<readonly ClipIssue[]> {
    const { issues } = await this.#read({ streamArn, fragmentNumber }, signal)
    return issues
  }

  /** All fragments of a clip must have the same signature. @throws GatewayError */
  async signatureOf(streamArn: string, fragmentNumber: string, signal: AbortSignal): Promise<MediaSignature> {
    return (await this.#read({ streamArn, fragmentNumber }, signal)).signature
  }

  /** The range, extended back to fragments that may extend into it. By server time, only the retained part. Null if that is empty. */
  #toListedRange(stream: StreamFacts, { startMs, endMs }: TimeRange, selector: FragmentSelectorType): TimeRange | null {
    const nowMs = this.options.clock.now()
    const retainedFrom = toRetainedFrom(stream, nowMs)
    if (retainedFrom === null) return null
    const reachingMs = toEarlier(startMs, KVS_LIMITS.maxFragmentMs)
    if (selector === 'PRODUCER_TIMESTAMP') return { startMs: reachingMs, endMs }
    this.#memory.forgetBefore(stream.arn, retainedFrom)
    const listed = { startMs: Math.max(reachingMs, retainedFrom), endMs: Math.min(endMs, nowMs) }
    return listed.endMs < listed.startMs ? null : listed
  }

  /** Cached and shared, because dashboards poll the media of every stream. */
  async #findRemembered(stream: StreamFacts, query: MediaQuery, signal: AbortSignal): Promise<FoundFragment | null> {
    const key = `${query.fragmentSelectorType} ${query.instantMs} ${stream.arn}`
    const known = this.#found.get(key)
    if (known !== undefined) return known.found
    const found = await this.#searches.run(key, (shared) => this.#findFragment(stream, query, shared), signal)
    this.#found.set(key, { found })
    return found
  }

  async #findFragment(
    stream: StreamFacts,
    { instantMs, fragmentSelectorType }: MediaQuery,
    signal: AbortSignal,
  ): Promise<FoundFragment | null> {
    const { fragments, clock } = this.options
    const nowMs = clock.now()
    const startMs = toRetainedFrom(stream, nowMs)
    if (startMs === null) return null
    if (instantMs !== null) return findFragmentAt(fragments, { streamArn: stream.arn, fragmentSelectorType, instantMs, nowMs }, signal)
    return findNewestFragment(fragments, { streamArn: stream.arn, range: { startMs, endMs: nowMs } }, signal)
  }

  async #read(name: FragmentName, signal: AbortSignal): Promise<Findings> {
    const key = `${name.streamArn} ${name.fragmentNumber}`
    const known = this.#findings.get(key)
    if (known) return known
    const findings = await this.#flights.run(
      key,
      async (shared) => toFindings(await readFragment(this.options.media, name, shared)),
      signal,
    )
    this.#findings.set(key, findings)
    return findings
  }
}

/** The cached facts of a fragment, without its tables. */
interface Findings {
  readonly media: StreamMedia | null
  readonly issues: readonly ClipIssue[]
  readonly signature: MediaSignature
  readonly pictures: number
}

function toFindings(reading: FragmentReading): Findings {
  const media = toStreamMedia(reading)
  const video = reading.tracks.find(({ type }) => type === 'video')
  const pictures = reading.samples.tracks.filter((track) => track === video?.number).length
  return { media, issues: media?.issues ?? toMediaIssues(reading), signature: toMediaSignature(reading.tracks), pictures }
}

/** Adds the frame rate of fragments with one picture each. Such a picture lasts until the next fragment. */
function withListedRate(media: StreamMedia, { fragment, before }: FoundFragment): StreamMedia {
  const restMs = before === null ? 0 : fragment.producerTimestampMs - before.producerTimestampMs
  const isBeforeAlone = before !== null && 2 * before.lengthMs < restMs
  const frameRate = isBeforeAlone && restMs <= MAX_REST_MS ? estimateFrameRate(Int32Array.of(0, restMs)) : null
  return frameRate === null ? media : { ...media, video: { ...media.video, frameRate } }
}
