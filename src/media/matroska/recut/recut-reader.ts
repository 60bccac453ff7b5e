import { MalformedMedia } from '../../malformed-media.js'
import { type EbmlBytes, readUintElement } from '../ebml.js'
import type { ElementHeader } from '../element-header.js'
import { ELEMENT } from '../element-ids.js'
import { type ElementVisitor, type Handling, type Level, takeAtMost } from '../element-walk.js'
import { MAX_HEADER_BYTES } from '../session-header.js'
import type { ClusterCutter } from './cluster-cutter.js'
import { MAX_FRAGMENT_BYTES } from './cluster-span.js'
import { parseBlockGroup, parseSimpleBlock } from './recut-block.js'

/** Positions in the file, which are wrong after another cut, and padding. */
const LEFT_OUT: ReadonlySet<number> = new Set([ELEMENT.SeekHead, ELEMENT.Cues, ELEMENT.Void, ELEMENT.CRC32])

/**
 * Passes the elements of a document that are needed to play the footage to a ClusterCutter, in their order. It owns the bytes. Holds one block
 * or one header element at a time. Skips Cues, Attachments and unknown elements after the first Cluster.
 */
export class RecutReader implements ElementVisitor {
  #clusterTicks: number | null = null
  /** Bytes of the header before the first Cluster so far. Null after it. */
  #headerBytes: number | null = null

  constructor(private readonly cutter: ClusterCutter) {}

  open(header: ElementHeader, level: Level): Handling {
    const { id } = header
    if (level === 'cluster') return this.#openInCluster(header)
    if (id === ELEMENT.EBML) return takeAtMost(header, MAX_HEADER_BYTES)
    if (id === ELEMENT.Segment) return 'enter'
    if (level === 'top' || LEFT_OUT.has(id)) return 'skip'
    if (id === ELEMENT.Cluster) {
      this.#headerBytes = null
      this.#clusterTicks = null
      return 'enter'
    }
    // Info and Tracks after a Cluster may only say the same again (RFC 9559, section 5.1).
    return this.#headerBytes !== null || id === ELEMENT.Tags ? takeAtMost(header, MAX_HEADER_BYTES) : 'skip'
  }

  #openInCluster(header: ElementHeader): Handling {
    const { id, start } = header
    if (id === ELEMENT.Timestamp) return takeAtMost(header, MAX_HEADER_BYTES)
    if (id !== ELEMENT.SimpleBlock && id !== ELEMENT.BlockGroup) return 'skip'
    if (this.#clusterTicks === null) throw new MalformedMedia('a block before the Timestamp of its Cluster', start)
    return takeAtMost(header, MAX_FRAGMENT_BYTES)
  }

  take(header: ElementHeader, element: EbmlBytes, level: Level): void {
    if (level === 'cluster') this.#takeInCluster(header, element)
    else if (header.id === ELEMENT.EBML) this.#startDocument(element)
    else if (this.#headerBytes !== null) this.#takeHeaderElement(header, element, this.#headerBytes)
    else this.cutter.tags(new Uint8Array(element.bytes))
  }

  #startDocument({ bytes }: EbmlBytes): void {
    this.#headerBytes = 0
    this.cutter.document(new Uint8Array(bytes))
  }

  #takeHeaderElement({ id, bytes: dataAt, start }: ElementHeader, { bytes, origin }: EbmlBytes, before: number): void {
    this.#headerBytes = before + bytes.byteLength
    if (this.#headerBytes > MAX_HEADER_BYTES) throw new MalformedMedia(`a header of more than ${MAX_HEADER_BYTES} bytes`, start)
    const own = new Uint8Array(bytes)
    this.cutter.headerElement(id, own, { bytes: own.subarray(dataAt), origin: origin + dataAt })
  }

  #takeInCluster({ id, bytes: dataAt }: ElementHeader, element: EbmlBytes): void {
    if (id === ELEMENT.Timestamp) this.#clusterTicks = readUintElement(element, { start: dataAt, end: element.bytes.byteLength })
    else if (this.#clusterTicks !== null)
      this.cutter.block((id === ELEMENT.SimpleBlock ? parseSimpleBlock : parseBlockGroup)(element, dataAt, this.#clusterTicks))
  }
}
