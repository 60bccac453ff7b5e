import { MalformedMedia } from '../malformed-media.js'
import { type BlockBytes, type BlockHead, blockPrefixBytes, isLaced, MAX_LACING_BYTES, readBlockHead } from './block.js'
import type { ByteWindow } from './byte-window.js'
import type { FrameSink, MatroskaEvent } from './events.js'
import { type SampleTable, SampleTableBuilder } from './sample-table.js'
import { DEFAULT_TIMESTAMP_SCALE, toMilliseconds } from './session-header.js'

/** Many more than a camera sends in 20 s. */
export const MAX_SAMPLES_PER_CLUSTER = 131_072
/** Offsets in a sample table have 32 bits. */
const MAX_CLUSTER_BYTES = 0xffffffff

/** Reads the Clusters of a document, one at a time: the Timestamp and the frames so far. */
export class ClusterReader {
  #start = 0
  readonly #rows = new SampleTableBuilder()
  #timestampTicks: number | null = null
  #timestampScale = DEFAULT_TIMESTAMP_SCALE
  #groupFirstRow = 0
  #isGroupKey = true

  get frames(): number {
    return this.#rows.count
  }

  /** From the earliest frame so far to the latest, in full milliseconds. */
  get spanMs(): number {
    return Math.floor((this.#rows.spanTicks * this.#timestampScale) / 1_000_000)
  }

  open(start: number, timestampScale: number): void {
    this.#start = start
    this.#timestampScale = timestampScale
    this.#timestampTicks = null
  }

  /** Returns the Timestamp in milliseconds. */
  setTimestamp(ticks: number, offset: number): number {
    if (this.#timestampTicks !== null) throw new MalformedMedia('a Cluster with two Timestamps', offset)
    this.#timestampTicks = ticks
    const timestampMs = toMilliseconds(ticks, this.#timestampScale)
    if (!Number.isSafeInteger(timestampMs)) throw new MalformedMedia('a Timestamp above 2^53 ms', offset)
    return timestampMs
  }

  openGroup(): void {
    this.#groupFirstRow = this.#rows.count
    this.#isGroupKey = true
  }

  /** A frame with a ReferenceBlock, before or after its Block, is not a key frame. */
  noteReference(): void {
    this.#isGroupKey = false
  }

  closeGroup(): void {
    this.#rows.setKeys(this.#groupFirstRow, this.#isGroupKey)
  }

  /** Reads the head of the block of `size` bytes at the window; null if more bytes are needed. */
  readBlock(window: ByteWindow, size: number): BlockHead | null {
    if (size > 0 && !window.has(1)) return null
    const prefixBytes = blockPrefixBytes(blockAt(window, size))
    if (!window.has(prefixBytes)) return null
    if (isLaced(window.bytes, window.at, prefixBytes) && !window.has(Math.min(size, MAX_LACING_BYTES))) return null
    const head = readBlockHead(blockAt(window, size), prefixBytes)
    this.#addRows(head, window.position)
    return head
  }

  close(end: number, sink: FrameSink | null): MatroskaEvent {
    const ticks = this.#timestampTicks
    if (ticks === null) throw new MalformedMedia('a Cluster without a Timestamp', this.#start)
    const findings = sink?.endCluster()
    for (const row of findings?.openGops ?? []) this.#rows.markOpenGop(row)
    const samples = this.#rows.take(this.#toTime(ticks))
    const timestampMs = toMilliseconds(ticks, this.#timestampScale)
    return { kind: 'cluster-end', range: { start: this.#start, end }, timestampMs, samples, invalidFrame: findings?.invalid ?? null }
  }

  /** The frames so far; null before the Timestamp. It may be unknown whether the last one starts an open GOP. */
  peek(sink: FrameSink | null): SampleTable | null {
    if (this.#timestampTicks === null) return null
    for (const row of sink?.openGops ?? []) this.#rows.markOpenGop(row)
    return this.#rows.peek(this.#toTime(this.#timestampTicks))
  }

  #toTime(ticks: number): ((time: number) => number) | null {
    const scale = this.#timestampScale
    if (scale === DEFAULT_TIMESTAMP_SCALE) return null
    return (time) => toMilliseconds(ticks + time, scale) - toMilliseconds(ticks, scale)
  }

  #addRows(head: BlockHead, position: number): void {
    let offset = position + head.headBytes - this.#start
    for (const size of head.frameSizes) {
      if (this.#rows.count === MAX_SAMPLES_PER_CLUSTER) throw new MalformedMedia('a Cluster with too many frames', position)
      if (offset + size > MAX_CLUSTER_BYTES) throw new MalformedMedia('a frame beyond the first 4 GiB of its Cluster', position)
      this.#rows.add({ track: head.track, offset, size, time: head.relativeTicks, isKey: head.isKey })
      offset += size
    }
  }
}

function blockAt(window: ByteWindow, size: number): BlockBytes {
  return { bytes: window.bytes, at: window.at, size, offset: window.position }
}
