import type { Clock, EpochMs } from '../../lib/clock.js'
import { FrameCheck } from '../../media/codec/frame-check.js'
import { MalformedMedia } from '../../media/malformed-media.js'
import { MatroskaDemuxer } from '../../media/matroska/demuxer.js'
import type { MatroskaEvent } from '../../media/matroska/events.js'
import type { MatroskaTrack } from '../../media/matroska/track.js'
import type { Archive } from '../archive/archive.js'
import type { MediaSession } from '../archive/archived-fragment.js'
import type { StreamRecord } from '../archive/stream-record.js'
import { type Acknowledgement, toAcknowledgement, toErrorAcknowledgement } from './acknowledgement.js'
import {
  checkFragmentExtent,
  checkFragmentSize,
  checkFrames,
  checkProducerTimestamp,
  checkTimecode,
  checkTrackCount,
  MAX_CONNECTION_MS,
} from './fragment-rules.js'
import { FragmentStore } from './fragment-store.js'
import { FragmentWriter } from './fragment-writer.js'
import { IncomingFragment } from './incoming-fragment.js'
import { countProducerTags, keepHeader, keepProducerTags, type TagsElement } from './producer-tags.js'
import { UploadError } from './upload-error.js'
import { UploadWindow } from './upload-window.js'

export interface UploadSessionOptions {
  readonly archive: Archive
  /** Tells the server timestamps: a fragment has that of the moment when its reception began. */
  readonly clock: Clock
  readonly streamId: number
  /** Producer time of timecode 0; null where timecodes are absolute. */
  readonly producerStartMs: EpochMs | null
  /** The stream as it is now; undefined when it has been deleted. */
  readonly findStream: () => StreamRecord | undefined
  readonly acknowledge: (acknowledgement: Acknowledgement) => void
  readonly onFragmentReceived?: () => void
  /** Called with each received chunk that is no longer needed. Its memory may be reused. */
  readonly onChunkDone?: (chunk: Uint8Array) => void
  /** Told, with its cause, of what ended the session; the producer is told a number only. */
  readonly onFailed?: (error: UploadError) => void
}

interface Document {
  readonly session: MediaSession
  readonly tracks: readonly MatroskaTrack[]
  lastTimecode: number | null
}

/** Tags are the only elements between Clusters that are kept as they came. */
const KEPT_BETWEEN_CLUSTERS_BYTES = 1_100_000
const NOTHING = new Uint8Array(0)

/**
 * One PutMedia call: splits the upload into fragments, stores them and acknowledges each step. A fragment that breaks a rule ends the session
 * with an ERROR acknowledgement. The fragments before it are kept.
 */
export class UploadSession {
  readonly #options: UploadSessionOptions
  readonly #demuxer = new MatroskaDemuxer({ frameSink: (tracks) => new FrameCheck(tracks) })
  readonly #window: UploadWindow
  readonly #store: FragmentStore
  readonly #startedAtMs: EpochMs
  #document: Document | null = null
  #fragment: IncomingFragment | null = null
  /** Of the document whose Tracks are still to come. */
  #headerTags: TagsElement[] = []
  #leadingTags: Uint8Array[] = []
  #tagCount = 0
  /** Bytes before it will not be asked for again. */
  #neededFrom = 0
  #isOver = false

  constructor(options: UploadSessionOptions) {
    this.#options = options
    this.#startedAtMs = options.clock.now()
    this.#window = new UploadWindow(options.onChunkDone)
    this.#store = new FragmentStore(options)
  }

  /** Nothing that comes after it changes anything. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** Takes the next bytes. Resolves when more may come: the disk is keeping up. */
  async receive(chunk: Uint8Array): Promise<void> {
    if (this.#isOver) return
    // There are thousands of chunks a second, and most hold a part of a frame and no more: nothing is awaited for those.
    try {
      this.#window.push(chunk)
      for (const event of this.#demuxer.push(chunk)) await this.#handle(event)
      // Found out now, and thrown by the next push only.
      if (this.#demuxer.failure) throw this.#demuxer.failure
      // Only now is the fragment at hand the Cluster that the demuxer is in.
      checkFragmentExtent(this.#demuxer.framesInCluster, this.#demuxer.clusterSpanMs)
      const writer = this.#writeUpTo(this.#demuxer.settled)
      if (writer?.isBehind) await ofArchive(() => writer.ready())
      this.#window.keepFrom(Math.min(this.#neededFrom, this.#demuxer.settled), KEPT_BETWEEN_CLUSTERS_BYTES)
    } catch (error) {
      await this.#fail(error)
    }
  }

  /** No bytes have come for a moment: a fragment that has ended does not wait longer for tags behind it. */
  async pause(): Promise<void> {
    await this.#unlessOver(() => this.#completeEnded())
  }

  /** The body ended normally. Resolves when everything received is stored. */
  async finish(): Promise<void> {
    await this.#unlessOver(async () => {
      for (const event of this.#demuxer.end()) await this.#handle(event)
      if (this.#demuxer.failure) throw this.#demuxer.failure
      await this.#completeEnded()
    })
    await this.abort()
  }

  /** The connection is gone, or closed for want of data: what has not arrived whole is dropped. */
  async abort(): Promise<void> {
    await this.#unlessOver(() => this.#completeEnded())
    await this.#unlessOver(() => this.#store.settled())
    this.#isOver = true
    await this.#drop()
  }

  async #unlessOver(work: () => Promise<void>): Promise<void> {
    if (this.#isOver) return
    try {
      await work()
    } catch (error) {
      await this.#fail(error)
    }
  }

  async #handle(event: MatroskaEvent): Promise<void> {
    switch (event.kind) {
      case 'document':
        await this.#completeEnded()
        this.#document = null
        this.#headerTags = []
        this.#neededFrom = event.start
        return
      case 'tracks':
        return this.#beginDocument(event)
      case 'tags':
        return this.#takeTags(event)
      case 'cluster-start':
        await this.#completeEnded()
        return this.#beginFragment(event.start)
      case 'cluster-timestamp':
        return this.#dateFragment(event.timestampMs)
      case 'cluster-end':
        return this.#endCluster(event)
      default:
        return event satisfies never
    }
  }

  async #beginDocument({ header, bytes, tracks }: Extract<MatroskaEvent, { kind: 'tracks' }>): Promise<void> {
    checkTrackCount(tracks)
    const { archive, clock, streamId } = this.#options
    const kept = keepHeader(bytes, header.start, this.#headerTags)
    const session = await ofArchive(() => archive.createSession(streamId, kept, clock.now()))
    this.#document = { session, tracks, lastTimecode: null }
    // The header holds the tags that came with it.
    this.#leadingTags = []
    this.#headerTags = []
  }

  #takeTags(found: Extract<MatroskaEvent, { kind: 'tags' }>): void {
    const { range } = found
    this.#tagCount = countProducerTags(this.#tagCount, found.tags)
    if (this.#document === null) this.#headerTags.push(found)
    const pieces = this.#window.pieces(range.start, range.end)
    // Before the first Cluster they are in the header; behind it, what was kept is longer than the longest Tags element that is read.
    if (pieces === null) return
    const kept = this.#fragment?.trailingTags ?? this.#leadingTags
    kept.push(keepProducerTags(Buffer.concat(pieces), found))
    this.#neededFrom = range.end
  }

  #beginFragment(start: number): void {
    const { archive, clock } = this.#options
    if (this.#document === null) throw new UploadError('INVALID_MKV_DATA', 'a Cluster came before the Tracks')
    const { session } = this.#document
    const number = archive.mintNumber(session, clock.now())
    const writer = new FragmentWriter({
      createFile: () => archive.createFile(),
      discardFile: (path) => archive.discardFile(path),
    })
    const leadingTags = concat(this.#leadingTags)
    this.#leadingTags = []
    this.#fragment = new IncomingFragment({ session, number, start, leadingTags, writer })
    if (clock.now() - this.#startedAtMs > MAX_CONNECTION_MS) {
      throw new UploadError('MAX_CONNECTION_DURATION_REACHED', `a connection lasts at most ${MAX_CONNECTION_MS} ms`)
    }
    if (this.#options.findStream()?.status !== 'ACTIVE') throw new UploadError('STREAM_NOT_ACTIVE', 'the stream was deleted')
  }

  #dateFragment(timecode: number): void {
    const fragment = this.#fragment
    if (fragment === null || this.#document === null) return
    fragment.timecode = timecode
    checkTimecode(timecode, this.#document.lastTimecode)
    this.#document.lastTimecode = timecode
    const producerTimestampMs = Math.round((this.#options.producerStartMs ?? 0) + timecode)
    checkProducerTimestamp(producerTimestampMs)
    fragment.producerTimestampMs = producerTimestampMs
    this.#options.acknowledge(toAcknowledgement('BUFFERING', fragment.acknowledged))
  }

  #endCluster({ range, samples, invalidFrame }: Extract<MatroskaEvent, { kind: 'cluster-end' }>): void {
    const fragment = this.#fragment
    if (fragment === null || this.#document === null) return
    this.#writeUpTo(range.end)
    this.#neededFrom = range.end
    checkFrames(samples, this.#document.tracks)
    const synced = fragment.writer.finish()
    // It is awaited when the fragment is stored; until then its failure must not count as unhandled.
    synced.catch(() => {})
    const frameFault = invalidFrame === null ? null : `track ${invalidFrame.track}: ${invalidFrame.reason}`
    fragment.ended = { samples, frameFault, clusterBytes: range.end - range.start, synced }
  }

  async #completeEnded(): Promise<void> {
    const fragment = this.#fragment
    if (fragment === null || fragment.ended === null) return
    this.#fragment = null
    this.#tagCount = 0
    this.#options.acknowledge(toAcknowledgement('RECEIVED', fragment.acknowledged))
    this.#options.onFragmentReceived?.()
    await this.#store.add(fragment, fragment.ended)
  }

  /** Returns the writer, or null when there is nothing to write. */
  #writeUpTo(end: number): FragmentWriter | null {
    const fragment = this.#fragment
    if (fragment === null || fragment.ended !== null || end <= fragment.writtenTo) return null
    checkFragmentSize(fragment.writer.sizeBytes + end - fragment.writtenTo)
    const pieces = this.#window.pieces(fragment.writtenTo, end)
    if (pieces === null) throw new Error(`bytes ${fragment.writtenTo} to ${end} of the upload are no longer there`)
    fragment.writer.write(pieces)
    fragment.writtenTo = end
    this.#neededFrom = end
    return fragment.writer
  }

  async #fail(reason: unknown): Promise<void> {
    this.#isOver = true
    const error = await this.#settleBefore(toUploadError(reason))
    const culprit = error.fragment ?? this.#fragment?.acknowledged ?? null
    await this.#drop()
    this.#options.onFailed?.(error)
    this.#options.acknowledge(toErrorAcknowledgement(error.code, culprit))
  }

  /** Has the fragments before the one at fault stored and acknowledged. Where that fails, this is the error to tell. */
  async #settleBefore(error: UploadError): Promise<UploadError> {
    try {
      // Malformed bytes behind a whole fragment are not its fault; too many tags behind it are.
      if (error.code === 'INVALID_MKV_DATA') await this.#completeEnded()
      await this.#store.settled()
      return error
    } catch (earlier) {
      return toUploadError(earlier)
    }
  }

  async #drop(): Promise<void> {
    const fragment = this.#fragment
    this.#fragment = null
    await fragment?.writer.discard()
  }
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return parts.length === 0 ? NOTHING : Buffer.concat(parts)
}

function toUploadError(error: unknown): UploadError {
  if (error instanceof UploadError) return error
  if (error instanceof MalformedMedia) return new UploadError('INVALID_MKV_DATA', error.message, { cause: error })
  return new UploadError('INTERNAL_ERROR', 'the upload could not be taken', { cause: error })
}

/** What goes wrong on the way to the disk is told apart from faults of this server's own. */
async function ofArchive<Result>(work: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (cause) {
    throw new UploadError('ARCHIVAL_ERROR', 'the fragment could not be stored', { cause })
  }
}
