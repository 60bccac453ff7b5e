import { RecutRefused } from './cluster-span.js'
import type { RecutBlock } from './recut-block.js'

/** Times past this (2001) count from 1970. Times that count from the start of a recording never get there. */
export const FIRST_ABSOLUTE_MS = 1_000_000_000_000

interface TrackSpan {
  firstMs: number
  lastMs: number
  blocks: number
}

/**
 * Keeps the times of a stream of several documents ascending. `cat a.mkv b.mkv` starts over at 0 with its second document, and PutMedia
 * requires ascending timecodes: such a document is shifted so that it starts where the one before it ends. Times that count from 1970 are
 * never shifted.
 */
export class DocumentClock {
  #document = 0
  #isAbsolute = false
  /** Where the documents before this one end. */
  #endMs = 0
  /** Start of the newest Cluster of the documents before this one. */
  #lastClusterMs = Number.NEGATIVE_INFINITY
  /** Of this document. Null before its first block. */
  #shiftMs: number | null = null
  readonly #tracks = new Map<number, TrackSpan>()
  #shiftedDocuments = 0

  get shiftedDocuments(): number {
    return this.#shiftedDocuments
  }

  /** `lastClusterMs` is the start of the last Cluster of the document that ends; null if it had none. */
  beginDocument(lastClusterMs: number | null): void {
    this.#document += 1
    this.#endMs = Math.max(this.#endMs, ...[...this.#tracks.values()].map(endOf))
    this.#lastClusterMs = Math.max(this.#lastClusterMs, lastClusterMs ?? Number.NEGATIVE_INFINITY)
    this.#shiftMs = null
    this.#tracks.clear()
  }

  /** @throws RecutRefused for a document that cannot follow the one before it */
  place(block: RecutBlock, ticksPerMs: number): RecutBlock {
    this.#shiftMs ??= this.#findShift(block.ticks / ticksPerMs)
    const ticks = block.ticks + Math.round(this.#shiftMs * ticksPerMs)
    this.#measure(block.track, ticks / ticksPerMs)
    return ticks === block.ticks ? block : { ...block, ticks }
  }

  #findShift(startMs: number): number {
    const isAbsolute = startMs >= FIRST_ABSOLUTE_MS
    if (this.#lastClusterMs === Number.NEGATIVE_INFINITY) this.#isAbsolute = isAbsolute
    else if (isAbsolute !== this.#isAbsolute)
      throw new RecutRefused(this.#toSentence('counts its times from another origin than the file before it'))
    if (startMs > this.#lastClusterMs) return 0
    if (isAbsolute)
      throw new RecutRefused(
        this.#toSentence(`starts at ${toInstant(startMs)}, before the end of the file before it (${toInstant(this.#endMs)})`),
      )
    this.#shiftedDocuments += 1
    return this.#endMs - startMs
  }

  #measure(track: number, ms: number): void {
    const span = this.#tracks.get(track)
    if (span === undefined) this.#tracks.set(track, { firstMs: ms, lastMs: ms, blocks: 1 })
    else {
      span.firstMs = Math.min(span.firstMs, ms)
      span.lastMs = Math.max(span.lastMs, ms)
      span.blocks += 1
    }
  }

  #toSentence(problem: string): string {
    return `Matroska file ${this.#document} of the input ${problem}: upload each file with a put-media command of its own.`
  }
}

/** The last frame is as long as the others are on average. A lone frame lasts at least a millisecond: two Clusters never start together. */
function endOf({ firstMs, lastMs, blocks }: TrackSpan): number {
  return lastMs + (blocks > 1 ? Math.max(1, (lastMs - firstMs) / (blocks - 1)) : 1)
}

function toInstant(ms: number): string {
  return new Date(ms).toISOString()
}
