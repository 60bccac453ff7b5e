import { MalformedMedia } from '../malformed-media.js'
import { ByteWindow } from './byte-window.js'
import { type EbmlBytes, UNKNOWN_SIZE } from './ebml.js'
import { type ElementHeader, nameOf, readHeader } from './element-header.js'
import { ELEMENT, isAboveClusterChildren } from './element-ids.js'

/** Parent of an element: the file, a Segment, a Cluster or a BlockGroup. */
export type Level = 'top' | 'segment' | 'cluster' | 'group'

/**
 * What happens with an element. 'enter': its children follow (a Segment, Cluster or BlockGroup). 'take': all of it is passed to `take`.
 * 'skip': nothing. A PassingReader reads its start and sees the rest pass.
 */
export type Handling = 'enter' | 'take' | 'skip' | PassingReader

/** Reads elements that are too large to hold. */
export interface PassingReader {
  /** Reads the start of the data, of `size` bytes, at the window. Returns its length, or null if more bytes are needed. */
  readHead(window: ByteWindow, size: number): number | null
  /** The next bytes [start, end) of the rest. They are valid during this call. */
  pass(bytes: Uint8Array, start: number, end: number): void
}

/** Gives the elements of a document their meaning. Methods may throw MalformedMedia. */
export interface ElementVisitor {
  /** An element begins, at a place where it may be. */
  open(header: ElementHeader, level: Level): Handling
  /** An element with its header. The bytes are valid during this call. */
  take(header: ElementHeader, element: EbmlBytes, level: Level): void
  /** The current Cluster or BlockGroup ended at byte `position`. */
  close?(level: 'cluster' | 'group', position: number): void
  /** The next `count` bytes of the document, from `bytes[at]` on: element by element, in parts. */
  bytes?(bytes: Uint8Array, at: number, count: number): void
}

/** Takes an element of at most `maxBytes`. @throws MalformedMedia for a larger one */
export function takeAtMost(header: ElementHeader, maxBytes: number): 'take' {
  const { size, start } = header
  if (size > maxBytes) throw new MalformedMedia(`element ${nameOf(header)} of ${size} bytes: expected at most ${maxBytes}`, start)
  return 'take'
}

/** Elements that may be outside a Segment (RFC 8794, section 6). */
const TOP: ReadonlySet<number> = new Set([ELEMENT.EBML, ELEMENT.Segment, ELEMENT.Void, ELEMENT.CRC32])
/** Elements that must not be directly in a Segment. */
const NOT_IN_SEGMENT: ReadonlySet<number> = new Set([ELEMENT.Segment, ELEMENT.SimpleBlock, ELEMENT.BlockGroup])

/** An element whose children are being read, or the file. */
interface Parent {
  readonly level: Level
  /** Offset of its end, at most that of its own parent; Infinity if neither is known. */
  readonly end: number
  readonly isSizeUnknown: boolean
}

const FILE: Parent = { level: 'top', end: Number.POSITIVE_INFINITY, isSizeUnknown: true }

/**
 * Walks through the elements of Matroska documents (RFC 9559) in chunks of any size. Checks that each element is where it may be and ends
 * with its parent. Only the Segment and Clusters may have an unknown size; such a Cluster ends at the next element that is not its child.
 */
export class ElementWalk {
  readonly #window = new ByteWindow()
  #header: ElementHeader = { id: 0, size: 0, bytes: 0, start: 0, end: 0 }
  /** The Segment, the Cluster in it, and the BlockGroup in that, as far as they are open. */
  #open: Parent[] = []
  #isSegmentDue = false
  /** What happens with the current element. Null at the header of the next one. */
  #handling: Exclude<Handling, 'enter'> | null = null
  #isHeadRead = false
  /** Bytes of the element's data that are still to come. */
  #left = 0

  constructor(private readonly visitor: ElementVisitor) {}

  get isInCluster(): boolean {
    const { level } = this.#parent
    return level === 'cluster' || level === 'group'
  }

  /** Offset in the input up to which it is known which element the bytes belong to. */
  get settled(): number {
    return this.#handling === null ? this.#window.position : this.#window.position + this.#window.waiting
  }

  /** Walks as far as the chunk goes. @throws MalformedMedia */
  feed(chunk: Uint8Array): void {
    this.#window.feed(chunk)
    while (this.#step()) {
      // Each step consumes something or stops because bytes are missing.
    }
  }

  /** Ends a Cluster of unknown size. @throws MalformedMedia if the input ends inside an element */
  finish(): void {
    const { position, waiting } = this.#window
    if (this.#handling !== null || waiting > 0) throw new MalformedMedia('the footage ends inside an element', position + waiting)
    this.#closeFinished()
    if (this.#parent.level === 'cluster' && this.#parent.end === Number.POSITIVE_INFINITY) this.#closeParent()
    if (this.#isSegmentDue || this.#parent.end !== Number.POSITIVE_INFINITY || this.isInCluster)
      throw new MalformedMedia('the footage ends before its elements do', position)
  }

  #step(): boolean {
    const handling = this.#handling
    if (handling === null) return this.#readHeader()
    if (handling === 'take') return this.#take()
    if (handling !== 'skip' && !this.#isHeadRead) return this.#readHead(handling)
    return this.#pass(handling)
  }

  #readHeader(): boolean {
    this.#closeFinished()
    const header = readHeader(this.#window)
    if (header === null) return false
    this.#header = header
    if (this.#parent.level === 'cluster' && isAboveClusterChildren(header.id)) this.#leaveCluster()
    this.#checkBounds()
    this.#checkPlace()
    const handling = this.visitor.open(header, this.#parent.level)
    if (handling === 'enter') this.#enter()
    this.#handling = handling === 'enter' ? null : handling
    this.#isHeadRead = false
    this.#left = header.size
    // An element that is taken keeps its header.
    if (handling !== 'take') this.#consume(header.bytes)
    return true
  }

  get #parent(): Parent {
    return this.#open.at(-1) ?? FILE
  }

  #closeFinished(): void {
    while (this.#window.position === this.#parent.end) this.#closeParent()
  }

  #closeParent(): void {
    const level = this.#open.pop()?.level
    if (level === 'cluster' || level === 'group') this.visitor.close?.(level, this.#window.position)
  }

  #leaveCluster(): void {
    if (!this.#parent.isSizeUnknown) this.#refuse(`element ${nameOf(this.#header)} inside a Cluster`)
    this.#closeParent()
  }

  #checkBounds(): void {
    const { size, id, end } = this.#header
    const isUnbounded = size === UNKNOWN_SIZE && id !== ELEMENT.Segment && id !== ELEMENT.Cluster
    if (isUnbounded) this.#refuse(`element ${nameOf(this.#header)} of unknown size`)
    if (size !== UNKNOWN_SIZE && end > this.#parent.end) this.#refuse(`element ${nameOf(this.#header)} extends past the end of its parent`)
  }

  #checkPlace(): void {
    const { id } = this.#header
    const { level } = this.#parent
    const isMisplaced =
      (level === 'top' && !TOP.has(id)) ||
      (level === 'segment' && NOT_IN_SEGMENT.has(id)) ||
      (level === 'group' && isAboveClusterChildren(id))
    if (isMisplaced) this.#refuse(`element ${nameOf(this.#header)} in the wrong place`)
    if (id === ELEMENT.Segment && !this.#isSegmentDue) this.#refuse('a Segment without an EBML header')
    if (id === ELEMENT.EBML) this.#startDocument()
  }

  #startDocument(): void {
    if (this.#parent.end !== Number.POSITIVE_INFINITY) this.#refuse('an EBML header inside a Segment of known size')
    this.#open = []
    this.#isSegmentDue = true
  }

  #enter(): void {
    const { id, end, size } = this.#header
    if (id === ELEMENT.Segment) this.#isSegmentDue = false
    const level = id === ELEMENT.Segment ? 'segment' : id === ELEMENT.Cluster ? 'cluster' : 'group'
    this.#open.push({ level, end: Math.min(end, this.#parent.end), isSizeUnknown: size === UNKNOWN_SIZE })
  }

  #take(): boolean {
    const length = this.#header.bytes + this.#left
    if (!this.#window.has(length)) return false
    const { bytes, at, position } = this.#window
    this.visitor.take(this.#header, { bytes: bytes.subarray(at, at + length), origin: position }, this.#parent.level)
    this.#consume(length)
    this.#handling = null
    return true
  }

  #readHead(reader: PassingReader): boolean {
    const length = reader.readHead(this.#window, this.#left)
    if (length === null) return false
    this.#consume(length)
    this.#left -= length
    this.#isHeadRead = true
    return true
  }

  #pass(handling: 'skip' | PassingReader): boolean {
    const count = this.#window.reach(this.#left)
    const { bytes, at } = this.#window
    if (handling !== 'skip' && count > 0) handling.pass(bytes, at, at + count)
    this.#consume(count)
    this.#left -= count
    if (this.#left === 0) this.#handling = null
    // A carry may end before the chunk does: one more look, then either data or nothing.
    return this.#left === 0 || this.#window.reach(1) > 0
  }

  #consume(count: number): void {
    this.visitor.bytes?.(this.#window.bytes, this.#window.at, count)
    this.#window.advance(count)
  }

  #refuse(message: string): never {
    throw new MalformedMedia(message, this.#header.start)
  }
}
