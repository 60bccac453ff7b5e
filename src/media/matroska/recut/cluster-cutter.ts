import type { EbmlBytes } from '../ebml.js'
import { encodeId, encodeUintElement, UNKNOWN_SIZE_OCTETS } from '../ebml-writer.js'
import { ELEMENT } from '../element-ids.js'
import { DEFAULT_TIMESTAMP_SCALE, parseTimestampScale } from '../session-header.js'
import { type MatroskaTrack, parseTracks } from '../track.js'
import { ClusterSpan, type CutTracks, MAX_FRAGMENT_BYTES, MAX_FRAGMENT_MS, type Misfit, RecutRefused, toCutTracks } from './cluster-span.js'
import { DocumentClock } from './document-clock.js'
import { type RecutBlock, withRelativeTime } from './recut-block.js'

/** A Cluster ends at the first key frame that is at least this far from its start. */
export const MIN_CLUSTER_MS = 1000

/** Blocks of a new Cluster, which begins as soon as each track has one. */
interface Pending {
  readonly span: ClusterSpan
  readonly blocks: RecutBlock[]
}

/**
 * Decides where Clusters begin, and writes them. Kinesis Video requires a frame of every track in each fragment, so both sides of a cut
 * must have one: the blocks after a key frame wait for the first block of each other track. No other block waits, because Clusters have an
 * unknown size.
 */
export class ClusterCutter {
  readonly clock = new DocumentClock()
  #output: Uint8Array[] = []
  #timestampScale = DEFAULT_TIMESTAMP_SCALE
  #tracks: readonly MatroskaTrack[] = []
  #cut: CutTracks | null = null
  #current: ClusterSpan | null = null
  /** Of the document that is being written. */
  #lastClusterMs: number | null = null
  #pending: Pending | null = null

  /** The output since the last call. */
  takeOutput(): Uint8Array[] {
    const output = this.#output
    this.#output = []
    return output
  }

  finish(): void {
    if (this.#pending !== null) {
      // It has too few tracks for a fragment of its own. Kinesis Video's refusal is better than a fragment that is too long.
      if (this.#current?.misfitOfSpan(this.#pending.span) === null) this.#merge(this.#pending)
      else this.#release(this.#pending)
    }
    this.#closeCurrent()
  }

  /** A document begins: its EBML header. Its Segment follows. */
  document(ebmlHeader: Uint8Array): void {
    this.finish()
    this.clock.beginDocument(this.#lastClusterMs)
    this.#lastClusterMs = null
    this.#cut = null
    this.#tracks = []
    this.#timestampScale = DEFAULT_TIMESTAMP_SCALE
    this.#output.push(ebmlHeader, encodeId(ELEMENT.Segment), UNKNOWN_SIZE_OCTETS)
  }

  /** An element before the first Cluster, and its data. */
  headerElement(id: number, element: Uint8Array, data: EbmlBytes): void {
    if (id === ELEMENT.Info) this.#timestampScale = parseTimestampScale(data)
    if (id === ELEMENT.Tracks) this.#tracks = parseTracks(data)
    this.#output.push(element)
  }

  /** A Tags element after a Cluster. */
  tags(element: Uint8Array): void {
    const span = this.#pending?.span ?? this.#current
    if (span === null) this.#output.push(element)
    else span.addTags([element])
  }

  block(read: RecutBlock): void {
    this.#cut ??= toCutTracks(this.#tracks, this.#timestampScale)
    const block = this.clock.place(read, this.#cut.ticksPerMs)
    if (this.#pending === null) this.#place(block, this.#cut)
    else this.#hold(block, this.#pending, this.#cut)
  }

  #place(block: RecutBlock, cut: CutTracks): void {
    const current = this.#current
    if (current === null) this.#release(startPending(block, cut))
    else if (isCutPoint(block, cut) && current.hasAllTracks && isDue(block, current)) this.#releaseWhenComplete(startPending(block, cut))
    else this.#append(block, current)
  }

  #hold(block: RecutBlock, pending: Pending, cut: CutTracks): void {
    const isNext = isCutPoint(block, cut) && isDue(block, pending.span)
    if (isNext || pending.span.misfitOf(block) !== null) {
      // No cut is possible at the previous key frame: some track has no block between the two.
      this.#merge(pending)
      this.#place(block, cut)
    } else {
      pending.blocks.push(block)
      pending.span.add(block)
      this.#releaseWhenComplete(pending)
    }
  }

  #releaseWhenComplete(pending: Pending): void {
    this.#pending = pending
    if (pending.span.hasAllTracks) this.#release(pending)
  }

  #release({ span, blocks }: Pending): void {
    this.#closeCurrent()
    this.#pending = null
    this.#current = span
    this.#lastClusterMs = span.startMs
    this.#output.push(encodeId(ELEMENT.Cluster), UNKNOWN_SIZE_OCTETS, encodeUintElement(ELEMENT.Timestamp, span.timestampTicks))
    for (const block of blocks) this.#output.push(withRelativeTime(block, span.timestampTicks))
  }

  #merge({ span, blocks }: Pending): void {
    this.#pending = null
    const current = this.#current
    if (current === null) return
    current.blockedBy = span.missingTrack
    for (const block of blocks) this.#append(block, current)
    current.addTags(span.tags)
  }

  #append(block: RecutBlock, current: ClusterSpan): void {
    const misfit = current.misfitOf(block)
    if (misfit !== null) throw new RecutRefused(toSentence(misfit, current, block))
    current.add(block)
    this.#output.push(withRelativeTime(block, current.timestampTicks))
  }

  #closeCurrent(): void {
    if (this.#current !== null) this.#output.push(...this.#current.tags)
    this.#current = null
  }
}

function startPending(block: RecutBlock, cut: CutTracks): Pending {
  const span = new ClusterSpan(cut, block.ticks)
  span.add(block)
  return { span, blocks: [block] }
}

function isCutPoint({ track, isKey }: RecutBlock, { video }: CutTracks): boolean {
  return video === null || (track === video && isKey)
}

/** Tags mark a fragment that the producer ended on purpose. A Cluster that does not begin with a key frame ends early. */
function isDue(block: RecutBlock, span: ClusterSpan): boolean {
  const isFar = span.msSinceStart(block) >= MIN_CLUSTER_MS || span.misfitOf(block) !== null
  return isFar || span.beginsWithKey === false || span.tags.length > 0
}

function toSentence(misfit: Misfit, span: ClusterSpan, block: RecutBlock): string {
  const where = `${Math.round(span.msSinceStart(block) / 100) / 10} s`
  const asItIs = 'or send it as it is with --keep-clusters'
  const missingTrack = span.missingTrack ?? span.blockedBy
  if (misfit === 'too-large')
    return `The footage has no place to cut within ${MAX_FRAGMENT_BYTES / 1e6} MB, the most that a fragment may have: encode it with key frames closer together, ${asItIs}.`
  if (missingTrack !== null)
    return `Track ${missingTrack} has too few frames: Kinesis Video wants one of every track in each fragment, which lasts ${MAX_FRAGMENT_MS / 1000} s at most, so leave the track out (ffmpeg -map), ${asItIs}.`
  if (misfit === 'too-far')
    return `The footage has no key frame for ${where}, and its TimestampScale is too fine for so long a Cluster: rewrite it with ffmpeg -c copy, ${asItIs}.`
  return `The footage has no key frame for ${where}, but a fragment of Kinesis Video lasts ${MAX_FRAGMENT_MS / 1000} s at most: encode it with key frames closer together (ffmpeg -g 50), ${asItIs}.`
}
