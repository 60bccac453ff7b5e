import { MalformedMedia } from '../../malformed-media.js'
import { ByteWindow } from '../byte-window.js'
import { type EbmlBytes, readUintElement } from '../ebml.js'
import { ElementHeader } from '../element-header.js'
import { ELEMENT, isAboveClusterChildren } from '../element-ids.js'
import { MAX_HEADER_BYTES } from '../session-header.js'
import { parseBlockGroup, parseSimpleBlock, type RecutBlock } from './recut-block.js'

/** What a recutter is told, in the order of the file. Bytes are copies, its own to keep. */
export interface RecutSink {
  /** A document begins: its EBML header. Its Segment follows. */
  document(ebmlHeader: Uint8Array): void
  /** An element before the first Cluster; `data` is what stands in it. */
  headerElement(id: number, element: Uint8Array, data: EbmlBytes): void
  /** A Tags element behind a Cluster. */
  tags(element: Uint8Array): void
  block(block: RecutBlock): void
}

/** No fragment may be larger, and so no block. */
export const MAX_BLOCK_BYTES = 50_000_000
/** Positions in the file, which another cut makes wrong, and padding. */
const LEFT_OUT: ReadonlySet<number> = new Set([ELEMENT.SeekHead, ELEMENT.Cues, ELEMENT.Void, ELEMENT.CRC32])

/**
 * Reads Matroska (RFC 9559) element by element, in chunks of any size. It holds one block or one element of the header, and no more. What
 * is not needed to play the footage (Cues, Attachments, elements that are not known) is stepped over.
 */
export class RecutReader {
  readonly #sink: RecutSink
  readonly #window = new ByteWindow()
  readonly #header = new ElementHeader()
  #level: 'top' | 'segment' | 'cluster' = 'top'
  #segmentEnd = 0
  #clusterEnd = 0
  #clusterTicks: number | null = null
  #isSegmentDue = false
  /** Of the document whose first Cluster is still to come; null behind it. */
  #headerBytes: number | null = null
  #leftToSkip = 0

  constructor(sink: RecutSink) {
    this.#sink = sink
  }

  /** Where the element begins that is read now. */
  get position(): number {
    return this.#window.position
  }

  /** Whether the bytes so far end inside an element whose size is known. */
  get isInsideElement(): boolean {
    const isInside = this.#leftToSkip > 0 || this.#window.waiting > 0
    return isInside || this.#isBefore('cluster', this.#clusterEnd) || this.#isBefore('segment', this.#segmentEnd)
  }

  /** @throws MalformedMedia */
  feed(chunk: Uint8Array): void {
    this.#window.feed(chunk)
    while (this.#step()) {
      // Each step consumes something or stops for want of bytes.
    }
  }

  #isBefore(level: 'segment' | 'cluster', end: number): boolean {
    const isOpen = this.#level === level || this.#level === 'cluster'
    return isOpen && end !== Number.POSITIVE_INFINITY && this.#window.position < end
  }

  #step(): boolean {
    if (this.#leftToSkip > 0) return this.#skip()
    this.#closeFinished()
    const header = this.#header
    if (!header.read(this.#window)) return false
    if (this.#level === 'cluster' && isAboveClusterChildren(header.id)) this.#leaveCluster()
    this.#checkBounds()
    switch (this.#level) {
      case 'top':
        return this.#readTop()
      case 'segment':
        return this.#readInSegment()
      case 'cluster':
        return this.#readInCluster()
    }
  }

  #closeFinished(): void {
    const { position } = this.#window
    if (this.#level === 'cluster' && position === Math.min(this.#clusterEnd, this.#segmentEnd)) this.#level = 'segment'
    if (this.#level === 'segment' && position === this.#segmentEnd) this.#level = 'top'
  }

  #leaveCluster(): void {
    if (this.#clusterEnd !== Number.POSITIVE_INFINITY) this.#refuse(`element ${this.#header.name} inside a Cluster`)
    this.#level = 'segment'
  }

  #checkBounds(): void {
    const { id, name, end, isSizeUnknown } = this.#header
    if (isSizeUnknown) {
      if (id !== ELEMENT.Segment && id !== ELEMENT.Cluster) this.#refuse(`element ${name} of unknown size`)
      return
    }
    const parentEnd = { top: Number.POSITIVE_INFINITY, segment: this.#segmentEnd, cluster: Math.min(this.#clusterEnd, this.#segmentEnd) }
    if (end > parentEnd[this.#level]) this.#refuse(`element ${name} runs past its parent's end`)
  }

  #readTop(): boolean {
    const { id, bytes, end } = this.#header
    if (id === ELEMENT.EBML) return this.#readDocument()
    if (id === ELEMENT.Void || id === ELEMENT.CRC32) return this.#stepOver()
    if (id !== ELEMENT.Segment || !this.#isSegmentDue) return this.#refuse(`element ${this.#header.name} outside its place`)
    this.#isSegmentDue = false
    this.#segmentEnd = end
    this.#level = 'segment'
    this.#window.advance(bytes)
    return true
  }

  #readDocument(): boolean {
    const element = this.#takeElement(MAX_HEADER_BYTES)
    if (element === null) return false
    this.#level = 'top'
    this.#isSegmentDue = true
    this.#headerBytes = 0
    this.#sink.document(new Uint8Array(element.bytes))
    return true
  }

  #readInSegment(): boolean {
    const { id, bytes, end } = this.#header
    if (id === ELEMENT.EBML) {
      if (this.#segmentEnd !== Number.POSITIVE_INFINITY) this.#refuse('an EBML header inside a Segment of known size')
      return this.#readDocument()
    }
    if (id === ELEMENT.Cluster) {
      this.#headerBytes = null
      this.#clusterEnd = end
      this.#clusterTicks = null
      this.#level = 'cluster'
      this.#window.advance(bytes)
      return true
    }
    if (LEFT_OUT.has(id)) return this.#stepOver()
    if (this.#headerBytes !== null) return this.#readHeaderElement(this.#headerBytes)
    // Info and Tracks that are repeated may only say the same again (RFC 9559, section 5.1).
    return id === ELEMENT.Tags ? this.#readTags() : this.#stepOver()
  }

  #readHeaderElement(before: number): boolean {
    const { id, bytes } = this.#header
    const element = this.#takeElement(MAX_HEADER_BYTES)
    if (element === null) return false
    if (before + element.bytes.byteLength > MAX_HEADER_BYTES) this.#refuse(`a header of more than ${MAX_HEADER_BYTES} bytes`)
    this.#headerBytes = before + element.bytes.byteLength
    const own = new Uint8Array(element.bytes)
    this.#sink.headerElement(id, own, { bytes: own.subarray(bytes), origin: element.origin + bytes })
    return true
  }

  #readTags(): boolean {
    const element = this.#takeElement(MAX_HEADER_BYTES)
    if (element !== null) this.#sink.tags(new Uint8Array(element.bytes))
    return element !== null
  }

  #readInCluster(): boolean {
    const { id, bytes } = this.#header
    if (id === ELEMENT.Timestamp) return this.#readTimestamp()
    if (id !== ELEMENT.SimpleBlock && id !== ELEMENT.BlockGroup) return this.#stepOver()
    const ticks = this.#clusterTicks ?? this.#refuse('a block before the Timestamp of its Cluster')
    const element = this.#takeElement(MAX_BLOCK_BYTES)
    if (element === null) return false
    this.#sink.block(id === ELEMENT.SimpleBlock ? parseSimpleBlock(element, bytes, ticks) : parseBlockGroup(element, bytes, ticks))
    return true
  }

  #readTimestamp(): boolean {
    const { bytes } = this.#header
    const element = this.#takeElement(MAX_HEADER_BYTES)
    if (element === null) return false
    this.#clusterTicks = readUintElement(element, { id: ELEMENT.Timestamp, start: bytes, end: element.bytes.byteLength })
    return true
  }

  /** The whole element at the window, which is then stepped over; null until all of it is there. Its bytes are good until the next step. */
  #takeElement(maxBytes: number): EbmlBytes | null {
    const { bytes, size, name } = this.#header
    if (size > maxBytes) this.#refuse(`element ${name} of ${size} bytes: expected at most ${maxBytes}`)
    const window = this.#window
    if (!window.has(bytes + size)) return null
    const element = { bytes: window.bytes.subarray(window.at, window.at + bytes + size), origin: window.position }
    window.advance(bytes + size)
    return element
  }

  #stepOver(): boolean {
    this.#window.advance(this.#header.bytes)
    this.#leftToSkip = this.#header.size
    return true
  }

  #skip(): boolean {
    const count = this.#window.reach(this.#leftToSkip)
    this.#window.advance(count)
    this.#leftToSkip -= count
    // A carry may end before the chunk does: one more look, then either data or nothing.
    return this.#leftToSkip === 0 || this.#window.reach(1) > 0
  }

  #refuse(message: string): never {
    throw new MalformedMedia(message, this.#header.start)
  }
}
