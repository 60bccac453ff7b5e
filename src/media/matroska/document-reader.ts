import { MalformedMedia } from '../malformed-media.js'
import type { ByteWindow } from './byte-window.js'
import { ClusterReader } from './cluster-reader.js'
import { type EbmlBytes, readUintElement } from './ebml.js'
import type { ElementHeader } from './element-header.js'
import { ELEMENT } from './element-ids.js'
import { type ElementVisitor, type Handling, type Level, takeAtMost } from './element-walk.js'
import type { FrameSink, FrameSinkFactory, MatroskaEvent } from './events.js'
import type { SampleTable } from './sample-table.js'
import { checkEbmlHeader, MAX_HEADER_BYTES, SessionHeader } from './session-header.js'
import { parseTags } from './tags.js'

/** Tags are the only elements between Clusters that are read. */
const MAX_TAGS_BYTES = 1024 * 1024
const MAX_TIMESTAMP_BYTES = 8

/** Turns the elements of a document into events: the header before the first Cluster, Clusters with their frames, and Tags. */
export class DocumentReader implements ElementVisitor {
  readonly cluster = new ClusterReader()
  #events: MatroskaEvent[] = []
  #document: SessionHeader | null = null
  /** Whether the first Cluster of the document is still to come. */
  #isInHeader = false
  #sink: FrameSink | null = null
  readonly #blocks = {
    readHead: this.#readBlockHead.bind(this),
    pass: (bytes: Uint8Array, start: number, end: number) => this.#sink?.payload(bytes, start, end),
  }

  constructor(private readonly createSink: FrameSinkFactory | null) {}

  /** The events since the last call. */
  takeEvents(): MatroskaEvent[] {
    const events = this.#events
    this.#events = []
    return events
  }

  /** The frames of the current Cluster so far; null before its Timestamp. */
  peekCluster(): SampleTable | null {
    return this.cluster.peek(this.#sink)
  }

  open(header: ElementHeader, level: Level): Handling {
    if (this.#isInHeader && header.id !== ELEMENT.Segment && header.id !== ELEMENT.Cluster) this.#document?.count(header)
    switch (level) {
      case 'top':
        return this.#openAtTop(header)
      case 'segment':
        return this.#openInSegment(header)
      case 'cluster':
        return this.#openInCluster(header)
      case 'group':
        return this.#openInGroup(header)
    }
  }

  take({ id, start, end, bytes: headerBytes }: ElementHeader, element: EbmlBytes): void {
    const data = { bytes: element.bytes.subarray(headerBytes), origin: element.origin + headerBytes }
    if (id === ELEMENT.EBML) checkEbmlHeader(data)
    else if (id === ELEMENT.Tags) this.#events.push({ kind: 'tags', range: { start, end }, ...parseTags(data) })
    else if (id === ELEMENT.Timestamp) this.#readTimestamp(data)
    else this.#document?.interpret(id, data)
  }

  close(level: 'cluster' | 'group', position: number): void {
    if (level === 'group') this.cluster.closeGroup()
    else this.#events.push(this.cluster.close(position, this.#sink))
  }

  bytes(bytes: Uint8Array, at: number, count: number): void {
    if (this.#isInHeader) this.#document?.append(bytes, at, count)
  }

  #openAtTop(header: ElementHeader): Handling {
    if (header.id === ELEMENT.Segment) return 'enter'
    if (header.id !== ELEMENT.EBML) return 'skip'
    this.#events.push({ kind: 'document', start: header.start })
    this.#document = new SessionHeader(header.start)
    this.#isInHeader = true
    this.#sink = null
    return takeAtMost(header, MAX_HEADER_BYTES)
  }

  #openInSegment(header: ElementHeader): Handling {
    switch (header.id) {
      case ELEMENT.Cluster:
        return this.#openCluster(header)
      case ELEMENT.Info:
      case ELEMENT.Tracks:
        // Repeated after a Cluster, they may only say the same again (RFC 9559, section 5.1).
        return this.#isInHeader ? takeAtMost(header, MAX_HEADER_BYTES) : 'skip'
      case ELEMENT.Tags:
        return takeAtMost(header, MAX_TAGS_BYTES)
      default:
        return 'skip'
    }
  }

  #openCluster({ start }: ElementHeader): Handling {
    const document = this.#document
    if (document === null) throw new MalformedMedia('a Cluster before any EBML header', start)
    if (this.#isInHeader) this.#finishHeader(document, start)
    this.#isInHeader = false
    this.cluster.open(start, document.timestampScale)
    this.#events.push({ kind: 'cluster-start', start })
    return 'enter'
  }

  #finishHeader(document: SessionHeader, end: number): void {
    const { tracks } = document
    if (tracks === null) throw new MalformedMedia('a Cluster before any Tracks', end)
    this.#sink = this.createSink?.(tracks) ?? null
    this.#events.push({ kind: 'tracks', header: { start: document.start, end }, bytes: document.take(), tracks })
  }

  #openInCluster(header: ElementHeader): Handling {
    if (header.id === ELEMENT.Timestamp) return takeAtMost(header, MAX_TIMESTAMP_BYTES)
    if (header.id === ELEMENT.SimpleBlock) return this.#blocks
    if (header.id !== ELEMENT.BlockGroup) return 'skip'
    this.cluster.openGroup()
    return 'enter'
  }

  #openInGroup({ id }: ElementHeader): Handling {
    if (id === ELEMENT.Block) return this.#blocks
    if (id === ELEMENT.ReferenceBlock) this.cluster.noteReference()
    return 'skip'
  }

  #readTimestamp(data: EbmlBytes): void {
    const ticks = readUintElement(data)
    this.#events.push({ kind: 'cluster-timestamp', timestampMs: this.cluster.setTimestamp(ticks, data.origin) })
  }

  #readBlockHead(window: ByteWindow, size: number): number | null {
    const head = this.cluster.readBlock(window, size)
    if (head === null) return null
    this.#sink?.beginBlock(head.track, head.frameSizes)
    return head.headBytes
  }
}
