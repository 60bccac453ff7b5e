import { LRUCache } from 'lru-cache'
import type { ClipIssue } from '../domain/clip-issue.js'
import { type Coverage, toCoverage } from '../domain/coverage.js'
import { GatewayError } from '../domain/errors.js'
import { Footage } from '../domain/footage.js'
import { KVS_LIMITS } from '../domain/limits.js'
import { type MediaSignature, toMediaSignature } from '../domain/media-signature.js'
import { toRetainedFrom } from '../domain/stream-issues.js'
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

/** What is read of a fragment never changes; after this it is of no more interest. */
const READING_TTL_MS = 600_000
const MAX_READINGS = 1000
/** Pictures further apart say nothing of a rate. */
const MAX_REST_MS = 60_000
/** Which fragment is the newest is remembered for as long as a stream's description. */
const FOUND_TTL_MS = 5_000
const MAX_FOUND = 20_000
/** A longer computation takes a turn of the event loop. Spans of 10,000 fragments with holes take some 10 ms and 2 MB. */
const MANY_STEPS = 1000
/** More would be no picture of anything, and an answer of many megabytes. */
const MAX_SPANS = 10_000

export interface CoverageQuery {
  readonly range: TimeRange
  readonly fragmentSelectorType: FragmentSelectorType
  readonly maxGapMs: number
}

export interface MediaQuery {
  /** Null stands for the newest footage. */
  readonly instantMs: EpochMs | null
  readonly fragmentSelectorType: FragmentSelectorType
}

type StreamFacts = Pick<StreamDescription, 'name' | 'arn' | 'status' | 'createdAtMs' | 'dataRetentionInHours'>

export interface FootageServiceOptions {
  readonly fragments: FragmentLister
  readonly media: FragmentMediaSource
  readonly clock: Clock
}

/** What streams hold: where there is footage, and of what kind. */
export class FootageService {
  readonly #options: FootageServiceOptions
  readonly #memory: FragmentMemory
  readonly #flights = new SingleFlight<Findings>()
  readonly #findings: LRUCache<string, Findings>
  readonly #searches = new SingleFlight<FoundFragment | null>()
  readonly #found: LRUCache<string, { readonly found: FoundFragment | null }>

  constructor(options: FootageServiceOptions) {
    this.#options = options
    this.#memory = new FragmentMemory(options)
    const timed = { perf: options.clock, ttlResolution: 0 }
    this.#findings = new LRUCache({ max: MAX_READINGS, ttl: READING_TTL_MS, ...timed })
    this.#found = new LRUCache({ max: MAX_FOUND, ttl: FOUND_TTL_MS, ...timed })
  }

  /** @throws GatewayError; what was listed before is remembered */
  async coverage(stream: StreamFacts, { range, fragmentSelectorType, maxGapMs }: CoverageQuery, signal: AbortSignal): Promise<Coverage> {
    const listed = this.#toListedRange(stream, range, fragmentSelectorType)
    const query = listed && { streamArn: stream.arn, fragmentSelectorType, range: listed }
    const around = query ? await this.#memory.read(query, signal) : new Footage([])
    if (around.countSteps(maxGapMs) > MANY_STEPS) await takeTurn()
    signal.throwIfAborted()
    const coverage = toCoverage(around, range, maxGapMs)
    if (coverage.spans.length <= MAX_SPANS) return coverage
    const text = `The range holds ${coverage.spans.length} spans, at most ${MAX_SPANS} are given: ask for a shorter range or a larger maxGapMs (got ${maxGapMs}).`
    throw new GatewayError('BAD_USER_INPUT', text)
  }

  /** Null when there is no footage, or none at the instant. @throws GatewayError, NOT_FOUND where there is footage without video */
  async media(stream: StreamFacts, query: MediaQuery, signal: AbortSignal): Promise<StreamMedia | null> {
    const found = await this.#findRemembered(stream, query, signal)
    if (found === null) return null
    const { fragmentNumber } = found.fragment
    const { media, pictures } = await this.#read({ streamArn: stream.arn, fragmentNumber }, signal)
    if (media !== null) return pictures === 1 ? withListedRate(media, found) : media
    throw new GatewayError('NOT_FOUND', `The footage of the stream ${stream.name} has no video (fragment ${fragmentNumber}).`)
  }

  /** What a clip that begins with this fragment would be refused for. Of the input it knows nothing: the issues have no path. */
  async probe(streamArn: string, fragmentNumber: string, signal: AbortSignal): Promise<readonly ClipIssue[]> {
    const { issues } = await this.#read({ streamArn, fragmentNumber }, signal)
    return issues
  }

  /** What the tracks of the fragment are: clips hold fragments of one signature. @throws GatewayError */
  async signatureOf(streamArn: string, fragmentNumber: string, signal: AbortSignal): Promise<MediaSignature> {
    return (await this.#read({ streamArn, fragmentNumber }, signal)).signature
  }

  /** With what may reach into the range; by server time, no more than can be there. Null when that is nothing. */
  #toListedRange(stream: StreamFacts, { startMs, endMs }: TimeRange, selector: FragmentSelectorType): TimeRange | null {
    const nowMs = this.#options.clock.now()
    const retainedFrom = toRetainedFrom(stream, nowMs)
    if (retainedFrom === null) return null
    const reachingMs = toEarlier(startMs, KVS_LIMITS.maxFragmentMs)
    if (selector === 'PRODUCER_TIMESTAMP') return { startMs: reachingMs, endMs }
    this.#memory.forgetBefore(stream.arn, retainedFrom)
    const listed = { startMs: Math.max(reachingMs, retainedFrom), endMs: Math.min(endMs, nowMs) }
    return listed.endMs < listed.startMs ? null : listed
  }

  /** Remembered and shared: a list of streams asks for the media of each, again and again. */
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
    const { fragments, clock } = this.#options
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
      async (shared) => toFindings(await readFragment(this.#options.media, name, shared)),
      signal,
    )
    this.#findings.set(key, findings)
    return findings
  }
}

/** What is remembered of a fragment: none of its tables. */
interface Findings {
  readonly media: StreamMedia | null
  readonly issues: readonly ClipIssue[]
  readonly signature: MediaSignature
  /** Frames of its video. */
  readonly pictures: number
}

function toFindings(reading: FragmentReading): Findings {
  const media = toStreamMedia(reading)
  const video = reading.tracks.find(({ type }) => type === 'video')?.number ?? 0
  const pictures = reading.samples.tracks.filter((track) => track === video).length
  return { media, issues: media?.issues ?? toMediaIssues(reading), signature: toMediaSignature(reading.tracks), pictures }
}

/** A lone picture lasts until the next one, as the one in the fragment before did. */
function withListedRate(media: StreamMedia, { fragment, before }: FoundFragment): StreamMedia {
  const restMs = before === null ? 0 : fragment.producerTimestampMs - before.producerTimestampMs
  const isBeforeAlone = before !== null && 2 * before.lengthMs < restMs
  const frameRate = isBeforeAlone && restMs <= MAX_REST_MS ? estimateFrameRate(Int32Array.of(0, restMs)) : null
  return frameRate === null ? media : { ...media, video: { ...media.video, frameRate } }
}
