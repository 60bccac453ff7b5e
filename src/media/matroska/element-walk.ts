import { MalformedMedia } from '../malformed-media.js'
import { ByteWindow } from './byte-window.js'
import { ClusterReader } from './cluster-reader.js'
import { type EbmlBytes, readUintElement } from './ebml.js'
import { ElementHeader } from './element-header.js'
import { ELEMENT } from './element-ids.js'
import { actionFor, type Level } from './element-places.js'
import type { MatroskaEvent } from './events.js'
import type { FrameSink, FrameSinkFactory } from './frame-sink.js'
import type { SampleTable } from './sample-table.js'
import { checkEbmlHeader } from './segment-info.js'
import { MAX_HEADER_BYTES, SessionHeader } from './session-header.js'
import { parseTags } from './tags.js'

/** A Tags element, which is the only one between Clusters that is looked into. */
const MAX_TAGS_BYTES = 1024 * 1024

/** What is to be done with the data of the element whose header was read last. */
type Task = 'header' | 'parse' | 'block' | 'skip' | 'payload'

/**
 * Goes from element to element, whatever the chunks they come in, and notes what it passes. It knows where it stands and what is to be done
 * with the data of the element that it stands at; what is in a Cluster is for the ClusterReader, what is before the first for the SessionHeader.
 */
export class ElementWalk {
  readonly #window = new ByteWindow()
  readonly #header = new ElementHeader()
  readonly #cluster = new ClusterReader()
  readonly #createSink: FrameSinkFactory | null
  #events: MatroskaEvent[] = []
  #level: Level = 'top'
  #task: Task = 'header'
  /** Bytes of the element's data that are still to come. */
  #left = 0
  #segmentEnd = 0
  #groupEnd = 0
  #isSegmentDue = false
  #document: SessionHeader | null = null
  /** Whether the document's first Cluster is still to come. */
  #isInHeader = false
  #sink: FrameSink | null = null

  constructor(createSink: FrameSinkFactory | null) {
    this.#createSink = createSink
  }

  /** What was passed since this was last called. */
  takeEvents(): MatroskaEvent[] {
    const events = this.#events
    this.#events = []
    return events
  }

  /** Offset up to which it is decided where the bytes belong. */
  get settled(): number {
    return this.#task === 'header' ? this.#window.position : this.#window.position + this.#window.waiting
  }

  /** Frames of the Cluster in progress whose block headers have been read. */
  get framesInCluster(): number {
    return this.#isInCluster ? this.#cluster.frames : 0
  }

  /** Milliseconds from the earliest to the latest of those frames. */
  get clusterSpanMs(): number {
    return this.#isInCluster ? this.#cluster.spanMs : 0
  }

  /** The frames of the Cluster in progress; null outside one and before its Timestamp. */
  peekCluster(): SampleTable | null {
    return this.#isInCluster ? this.#cluster.peek(this.#sink) : null
  }

  get #isInCluster(): boolean {
    return this.#level === 'cluster' || this.#level === 'group'
  }

  /** Walks as far as the chunk goes. @throws MalformedMedia */
  feed(chunk: Uint8Array): void {
    this.#window.feed(chunk)
    while (this.#step()) {
      // Each step consumes something or stops for want of bytes.
    }
  }

  #step(): boolean {
    switch (this.#task) {
      case 'header':
        return this.#readHeader()
      case 'parse':
        return this.#parseElement()
      case 'block':
        return this.#readBlock()
      case 'skip':
      case 'payload':
        return this.#skipData()
    }
  }

  #readHeader(): boolean {
    this.#closeFinished()
    const header = this.#header
    if (!header.read(this.#window)) return false
    if (actionFor(this.#level, header.id) === 'leave') this.#leaveCluster()
    this.#checkBounds()
    this.#openElement()
    this.#consume(header.bytes)
    return true
  }

  #closeFinished(): void {
    const { position } = this.#window
    if (this.#level === 'group' && position === this.#groupEnd) {
      this.#cluster.closeGroup()
      this.#level = 'cluster'
    }
    if (this.#level === 'cluster' && position === Math.min(this.#cluster.end, this.#segmentEnd)) this.#closeCluster()
    if (this.#level === 'segment' && position === this.#segmentEnd) this.#level = 'top'
  }

  #closeCluster(): void {
    this.#level = 'segment'
    this.#events.push(this.#cluster.close(this.#window.position, this.#sink))
  }

  #leaveCluster(): void {
    if (this.#cluster.end !== Number.POSITIVE_INFINITY) this.#refuse(`element ${this.#header.name} inside a Cluster`)
    this.#closeCluster()
  }

  #checkBounds(): void {
    const { isSizeUnknown, id, end, name } = this.#header
    if (isSizeUnknown) {
      if (id !== ELEMENT.Segment && id !== ELEMENT.Cluster) this.#refuse(`element ${name} of unknown size`)
      return
    }
    if (end > this.#parentEnd()) this.#refuse(`element ${name} runs past its parent's end`)
    if (this.#isInHeader && id !== ELEMENT.Segment && id !== ELEMENT.Cluster) this.#document?.count(this.#header)
  }

  #parentEnd(): number {
    switch (this.#level) {
      case 'top':
        return Number.POSITIVE_INFINITY
      case 'segment':
        return this.#segmentEnd
      case 'cluster':
        return Math.min(this.#cluster.end, this.#segmentEnd)
      case 'group':
        return this.#groupEnd
    }
  }

  #openElement(): void {
    const action = actionFor(this.#level, this.#header.id)
    switch (action) {
      case 'document':
        this.#startDocument()
        break
      case 'segment':
        this.#openSegment()
        break
      case 'cluster':
        this.#openCluster()
        break
      case 'group':
        this.#openGroup()
        break
      case 'block':
        this.#expectData('block')
        break
      case 'reference':
        this.#cluster.noteReference()
        this.#expectData('skip')
        break
      case 'parse':
        this.#expectSmall()
        break
      case 'skip':
        this.#expectData('skip')
        break
      case 'leave':
      case 'refuse':
        this.#refuse(`element ${this.#header.name} outside its place`)
    }
  }

  #expectData(task: Task): void {
    this.#task = task
    this.#left = this.#header.size
  }

  #expectSmall(): void {
    const { id, size, name } = this.#header
    // Repeated after a Cluster they may only say the same again (RFC 9559, section 5.1).
    if (!this.#isInHeader && (id === ELEMENT.Info || id === ELEMENT.Tracks)) {
      this.#expectData('skip')
      return
    }
    if (size > parseLimit(id)) this.#refuse(`element ${name} of ${size} bytes: expected at most ${parseLimit(id)}`)
    this.#expectData('parse')
  }

  #openSegment(): void {
    if (!this.#isSegmentDue) this.#refuse('a Segment without an EBML header of its own')
    this.#isSegmentDue = false
    this.#segmentEnd = this.#header.end
    this.#level = 'segment'
  }

  #openGroup(): void {
    this.#groupEnd = this.#header.end
    this.#level = 'group'
    this.#cluster.openGroup()
  }

  #startDocument(): void {
    const { start } = this.#header
    const isInside = this.#level === 'segment' && this.#segmentEnd !== Number.POSITIVE_INFINITY
    if (isInside) this.#refuse('an EBML header inside a Segment of known size')
    this.#level = 'top'
    this.#events.push({ kind: 'document', start })
    this.#document = new SessionHeader(start)
    this.#isInHeader = true
    this.#isSegmentDue = true
    this.#sink = null
    this.#expectSmall()
  }

  #openCluster(): void {
    const { start, end } = this.#header
    const document = this.#document ?? this.#refuse('a Cluster before any EBML header')
    if (this.#isInHeader) this.#finishHeader(document, start)
    this.#isInHeader = false
    this.#cluster.open(start, end, document.timestampScale)
    this.#level = 'cluster'
    this.#events.push({ kind: 'cluster-start', start })
  }

  #finishHeader(document: SessionHeader, end: number): void {
    const tracks = document.tracks ?? this.#refuse('a Cluster before any Tracks')
    this.#sink = this.#createSink?.(tracks) ?? null
    this.#events.push({ kind: 'tracks', header: { start: document.start, end }, bytes: document.take(), tracks })
  }

  #parseElement(): boolean {
    if (!this.#window.has(this.#left)) return false
    const { bytes, at, position } = this.#window
    this.#interpret({ bytes: bytes.subarray(at, at + this.#left), origin: position })
    this.#consume(this.#left)
    this.#task = 'header'
    return true
  }

  #interpret(data: EbmlBytes): void {
    const { id, start, end } = this.#header
    if (id === ELEMENT.EBML) checkEbmlHeader(data)
    else if (id === ELEMENT.Tags) this.#events.push({ kind: 'tags', range: { start, end }, ...parseTags(data) })
    else if (id === ELEMENT.Timestamp) this.#readTimestamp(data)
    else this.#document?.interpret(id, data)
  }

  #readTimestamp(data: EbmlBytes): void {
    const ticks = readUintElement(data, { id: ELEMENT.Timestamp, start: 0, end: data.bytes.byteLength })
    this.#events.push({ kind: 'cluster-timestamp', timestampMs: this.#cluster.setTimestamp(ticks, data.origin) })
  }

  #readBlock(): boolean {
    const head = this.#cluster.readBlock(this.#window, this.#left)
    if (!head) return false
    this.#consume(head.headBytes)
    this.#left -= head.headBytes
    this.#sink?.beginBlock(head.track, head.frameSizes)
    this.#task = 'payload'
    return true
  }

  #skipData(): boolean {
    const count = this.#window.reach(this.#left)
    if (this.#sink && this.#task === 'payload' && count > 0) {
      const { bytes, at } = this.#window
      this.#sink.payload(bytes, at, at + count)
    }
    this.#consume(count)
    this.#left -= count
    if (this.#left === 0) this.#task = 'header'
    // A carry may end before the chunk does: one more look, then either data or nothing.
    return this.#left === 0 || this.#window.reach(1) > 0
  }

  #consume(count: number): void {
    if (this.#isInHeader) this.#document?.append(this.#window.bytes, this.#window.at, count)
    this.#window.advance(count)
  }

  /** Ends a Cluster of unknown size. @throws MalformedMedia where the upload stops inside an element */
  finish(): void {
    const { position, waiting } = this.#window
    if (this.#task !== 'header' || waiting > 0) throw new MalformedMedia('the upload ends inside an element', position + waiting)
    this.#closeFinished()
    if (this.#level === 'cluster' && this.#parentEnd() === Number.POSITIVE_INFINITY) this.#closeCluster()
    const isSegmentCut = this.#level === 'segment' && Number.isFinite(this.#segmentEnd)
    const isCut = this.#isSegmentDue || isSegmentCut || this.#level === 'cluster' || this.#level === 'group'
    if (isCut) throw new MalformedMedia('the upload ends before its elements do', position)
  }

  #refuse(message: string): never {
    throw new MalformedMedia(message, this.#header.start)
  }
}

function parseLimit(id: number): number {
  if (id === ELEMENT.Timestamp) return 8
  return id === ELEMENT.Tags ? MAX_TAGS_BYTES : MAX_HEADER_BYTES
}
