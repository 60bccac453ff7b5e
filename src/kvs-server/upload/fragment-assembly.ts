import type { Clock, EpochMs } from '../../lib/clock.js'
import { FrameCheck } from '../../media/codec/frame-check.js'
import { MatroskaDemuxer } from '../../media/matroska/demuxer.js'
import type { MatroskaEvent } from '../../media/matroska/events.js'
import type { MatroskaTrack } from '../../media/matroska/track.js'
import type { ArchiveWriter } from '../archive/archive-writer.js'
import type { MediaSession } from '../archive/archived-fragment.js'
import type { StreamRecord } from '../archive/stream-record.js'
import { type AcknowledgedFragment, type Acknowledgement, toAcknowledgement, UploadError } from './acknowledgement.js'
import * as rules from './fragment-rules.js'
import { FragmentWriter } from './fragment-writer.js'
import { type EndedCluster, type IncomingFragment, toAcknowledged } from './incoming-fragment.js'
import { countProducerTags, keepHeader, keepProducerTags, type TagsElement } from './producer-tags.js'
import { UploadWindow } from './upload-window.js'

export interface FragmentAssemblyOptions {
  readonly archive: ArchiveWriter
  /** Gives the server timestamps: that of a fragment is the moment when its reception began. */
  readonly clock: Clock
  readonly streamId: number
  /** Producer time of timecode 0; null where timecodes are absolute. */
  readonly producerStartMs: EpochMs | null
  /** The stream as it is now; undefined when it has been deleted. */
  readonly findStream: () => StreamRecord | undefined
  readonly acknowledge: (acknowledgement: Acknowledgement) => void
  /** Called with each received chunk that is no longer needed. Its memory may be reused. */
  readonly onChunkDone?: (chunk: Uint8Array) => void
}

interface Document {
  readonly session: MediaSession
  readonly tracks: readonly MatroskaTrack[]
  lastTimecode: number | null
}

type Found<Kind extends MatroskaEvent['kind']> = Extract<MatroskaEvent, { kind: Kind }>

/** Tags are the only elements between Clusters that are kept as they came. */
const KEPT_BETWEEN_CLUSTERS_BYTES = 1_100_000

/** Turns the bytes of an upload into fragments. It checks the rules of PutMedia, and writes each Cluster to its file as it arrives. */
export class FragmentAssembly {
  readonly #demuxer = new MatroskaDemuxer({ frameSink: (tracks) => new FrameCheck(tracks) })
  readonly #window: UploadWindow
  readonly #startedAtMs: EpochMs
  #document: Document | null = null
  #fragment: IncomingFragment | null = null
  /** Of the document whose Tracks are still to come. */
  #headerTags: TagsElement[] = []
  #leadingTags: Uint8Array[] = []
  #tagCount = 0
  /** The bytes before it are not needed any more. */
  #neededFrom = 0

  /** `onWhole` gets each fragment once its Cluster and the tags behind it have arrived. */
  constructor(
    private readonly options: FragmentAssemblyOptions,
    private readonly onWhole: (fragment: IncomingFragment, ended: EndedCluster) => Promise<void>,
  ) {
    this.#startedAtMs = options.clock.now()
    this.#window = new UploadWindow(options.onChunkDone)
  }

  get current(): AcknowledgedFragment | null {
    return this.#fragment && toAcknowledged(this.#fragment)
  }

  /** Resolves when more may come: the disk is keeping up. @throws UploadError, MalformedMedia */
  async receive(chunk: Uint8Array): Promise<void> {
    // There are thousands of chunks a second, and most hold a part of a frame and no more. Nothing is awaited for those.
    this.#window.push(chunk)
    for (const event of this.#demuxer.push(chunk)) await this.#handle(event)
    // The demuxer throws only at the next push.
    if (this.#demuxer.failure) throw this.#demuxer.failure
    // Not earlier: now the current fragment is the Cluster that the demuxer is in.
    rules.checkFragmentExtent(this.#demuxer.framesInCluster, this.#demuxer.clusterSpanMs)
    const writer = this.#writeUpTo(this.#demuxer.settled)
    if (writer?.isBehind) await ofArchive(() => writer.ready())
    this.#window.keepFrom(Math.min(this.#neededFrom, this.#demuxer.settled), KEPT_BETWEEN_CLUSTERS_BYTES)
  }

  /** The upload is over. @throws UploadError, MalformedMedia */
  async end(): Promise<void> {
    for (const event of this.#demuxer.end()) await this.#handle(event)
    if (this.#demuxer.failure) throw this.#demuxer.failure
    await this.completeEnded()
  }

  /** A fragment whose Cluster has ended does not wait longer for tags behind it. */
  async completeEnded(): Promise<void> {
    const fragment = this.#fragment
    if (fragment === null || fragment.ended === null) return
    this.#fragment = null
    this.#tagCount = 0
    this.options.acknowledge(toAcknowledgement('RECEIVED', toAcknowledged(fragment)))
    await this.onWhole(fragment, fragment.ended)
  }

  /** Removes what has arrived of an incomplete fragment. */
  async drop(): Promise<void> {
    const fragment = this.#fragment
    this.#fragment = null
    await fragment?.writer.discard()
  }

  async #handle(event: MatroskaEvent): Promise<void> {
    switch (event.kind) {
      case 'document':
        await this.completeEnded()
        this.#document = null
        this.#headerTags = []
        this.#neededFrom = event.start
        return
      case 'tracks':
        return this.#beginDocument(event)
      case 'tags':
        return this.#takeTags(event)
      case 'cluster-start':
        await this.completeEnded()
        return this.#beginFragment(event.start)
      case 'cluster-timestamp':
        return this.#dateFragment(event.timestampMs)
      case 'cluster-end':
        return this.#endCluster(event)
      default:
        return event satisfies never
    }
  }

  async #beginDocument({ header, bytes, tracks }: Found<'tracks'>): Promise<void> {
    rules.checkTrackCount(tracks)
    const { archive, clock, streamId } = this.options
    const kept = keepHeader(bytes, header.start, this.#headerTags)
    const session = await ofArchive(() => archive.createSession(streamId, kept, clock.now()))
    this.#document = { session, tracks, lastTimecode: null }
    // The header contains the tags that came with it.
    this.#leadingTags = []
    this.#headerTags = []
  }

  #takeTags(found: Found<'tags'>): void {
    const { range } = found
    this.#tagCount = countProducerTags(this.#tagCount, found.tags)
    if (this.#document === null) this.#headerTags.push(found)
    const pieces = this.#window.pieces(range.start, range.end)
    // Before the first Cluster the header has them. After it, the window is longer than the longest Tags element that is read.
    if (pieces === null) return
    const kept = this.#fragment?.trailingTags ?? this.#leadingTags
    kept.push(keepProducerTags(Buffer.concat(pieces), found))
    this.#neededFrom = range.end
  }

  #beginFragment(start: number): void {
    const { archive, clock } = this.options
    if (this.#document === null) throw new UploadError('INVALID_MKV_DATA', 'a Cluster came before the Tracks')
    const { session } = this.#document
    const number = archive.mintNumber(session, clock.now())
    const leadingTags = this.#leadingTags.length === 0 ? new Uint8Array(0) : Buffer.concat(this.#leadingTags)
    this.#leadingTags = []
    this.#fragment = {
      ...{ session, number, leadingTags, trailingTags: [], writer: new FragmentWriter(archive), writtenTo: start },
      ...{ timecode: null, producerTimestampMs: null, ended: null },
    }
    rules.checkConnectionAge(clock.now() - this.#startedAtMs)
    if (this.options.findStream()?.status !== 'ACTIVE') throw new UploadError('STREAM_NOT_ACTIVE', 'the stream was deleted')
  }

  #dateFragment(timecode: number): void {
    const fragment = this.#fragment
    if (fragment === null || this.#document === null) return
    fragment.timecode = timecode
    rules.checkTimecode(timecode, this.#document.lastTimecode)
    this.#document.lastTimecode = timecode
    const { producerStartMs } = this.options
    const producerTimestampMs = Math.round(producerStartMs === null ? timecode : producerStartMs + timecode)
    rules.checkProducerTimestamp(producerTimestampMs)
    fragment.producerTimestampMs = producerTimestampMs
    this.options.acknowledge(toAcknowledgement('BUFFERING', toAcknowledged(fragment)))
  }

  #endCluster({ range, samples, invalidFrame }: Found<'cluster-end'>): void {
    const fragment = this.#fragment
    if (fragment === null || this.#document === null) return
    this.#writeUpTo(range.end)
    this.#neededFrom = range.end
    rules.checkFrames(samples, this.#document.tracks)
    const synced = fragment.writer.finish()
    // It is awaited when the fragment is stored. Until then its failure must not count as unhandled.
    synced.catch(() => {})
    const frameFault = invalidFrame === null ? null : `track ${invalidFrame.track}: ${invalidFrame.reason}`
    fragment.ended = { samples, frameFault, clusterBytes: range.end - range.start, synced }
  }

  /** Returns the writer, or null when there is nothing to write. */
  #writeUpTo(end: number): FragmentWriter | null {
    const fragment = this.#fragment
    if (fragment === null || fragment.ended !== null || end <= fragment.writtenTo) return null
    rules.checkFragmentSize(fragment.writer.sizeBytes + end - fragment.writtenTo)
    const pieces = this.#window.pieces(fragment.writtenTo, end)
    if (pieces === null) throw new Error(`bytes ${fragment.writtenTo} to ${end} of the upload are no longer there`)
    fragment.writer.write(pieces)
    fragment.writtenTo = end
    this.#neededFrom = end
    return fragment.writer
  }
}

/** Distinguishes failures of the disk from faults of this server. */
async function ofArchive<Result>(work: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (cause) {
    throw new UploadError('ARCHIVAL_ERROR', 'the fragment could not be stored', { cause })
  }
}
