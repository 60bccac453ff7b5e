import { MalformedMedia } from '../malformed-media.js'
import { DocumentReader } from './document-reader.js'
import { ElementWalk } from './element-walk.js'
import type { FrameSinkFactory, MatroskaEvent } from './events.js'
import type { SampleTable } from './sample-table.js'

/**
 * Reads Matroska (RFC 9559) as Kinesis Video producers send it, in chunks of any size. The events do not depend on the chunks. Payloads are
 * skipped; memory holds one small element, and the header before the first Cluster.
 *
 * Refuses other DocTypes, encoded frames (ContentEncodings), elements that extend past their parent, unknown sizes of elements other than
 * Segment and Cluster, and headers above MAX_HEADER_BYTES. Skips unknown elements.
 */
export class MatroskaDemuxer {
  readonly #reader: DocumentReader
  readonly #walk: ElementWalk
  #failure: MalformedMedia | null = null

  constructor(options: { readonly frameSink?: FrameSinkFactory } = {}) {
    this.#reader = new DocumentReader(options.frameSink ?? null)
    this.#walk = new ElementWalk(this.#reader)
  }

  /**
   * Returns the events that the chunk completes. If it is malformed, returns the events before the error first, and throws the error as
   * soon as there are none: at once, or at the next `push` or `end`. `failure` is set immediately. @throws MalformedMedia
   */
  push(chunk: Uint8Array): MatroskaEvent[] {
    if (!this.#failure) this.#attempt(() => this.#walk.feed(chunk))
    return this.#takeEvents()
  }

  /** Ends the upload, and a Cluster of unknown size. @throws MalformedMedia if the upload ends inside an element */
  end(): MatroskaEvent[] {
    if (!this.#failure) this.#attempt(() => this.#walk.finish())
    return this.#takeEvents()
  }

  /** The error that ended the upload; null if there is none. */
  get failure(): MalformedMedia | null {
    return this.#failure
  }

  /**
   * Offset up to which it is known which element the bytes belong to. At most 11 bytes before the end of the last chunk: these may be the
   * start of an element that ends a Cluster of unknown size.
   */
  get settled(): number {
    return this.#walk.settled
  }

  /** Frames of the current Cluster whose block headers have been read. */
  get framesInCluster(): number {
    return this.#walk.isInCluster ? this.#reader.cluster.frames : 0
  }

  /**
   * The frames of the current Cluster, for readers that cannot wait for its end; null if there is none. Whether the last frame starts an
   * open GOP is known when the next one begins.
   */
  peekCluster(): SampleTable | null {
    return this.#walk.isInCluster ? this.#reader.peekCluster() : null
  }

  /** Milliseconds from the earliest to the latest of those frames. */
  get clusterSpanMs(): number {
    return this.#walk.isInCluster ? this.#reader.cluster.spanMs : 0
  }

  #attempt(work: () => void): void {
    try {
      work()
    } catch (error) {
      if (!(error instanceof MalformedMedia)) throw error
      this.#failure = error
    }
  }

  #takeEvents(): MatroskaEvent[] {
    const events = this.#reader.takeEvents()
    if (this.#failure && events.length === 0) throw this.#failure
    return events
  }
}
