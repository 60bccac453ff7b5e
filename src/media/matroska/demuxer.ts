import { MalformedMedia } from '../malformed-media.js'
import { DocumentReader } from './document-reader.js'
import { ElementWalk } from './element-walk.js'
import type { FrameSinkFactory, MatroskaEvent } from './events.js'
import type { SampleTable } from './sample-table.js'

/**
 * Reads Matroska (RFC 9559) as Kinesis Video producers send it, in chunks of any size; what it finds never depends on the chunking.
 * It steps over payloads by arithmetic, and holds no more than one small element and the header before the first Cluster.
 *
 * Refused: files without Matroska's DocType, frames that are not stored as they are (ContentEncodings), elements that run past their
 * parent, sizes left unknown anywhere but at Segment and Cluster, headers above MAX_HEADER_BYTES. Unknown elements are stepped over.
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
   * What the chunk completes. Where it turns out malformed, what was found before that place is returned first, and the error is
   * thrown when there is nothing (more) to return: at once, or by the next `push` or `end`. `failure` tells earlier.
   *
   * @throws MalformedMedia
   */
  push(chunk: Uint8Array): MatroskaEvent[] {
    if (!this.#failure) this.#attempt(() => this.#walk.feed(chunk))
    return this.#takeEvents()
  }

  /**
   * The upload is over: ends a Cluster of unknown size.
   *
   * @throws MalformedMedia where the upload stops inside an element
   */
  end(): MatroskaEvent[] {
    if (!this.#failure) this.#attempt(() => this.#walk.finish())
    return this.#takeEvents()
  }

  /** Why no more will come, as soon as it is known; null while all is well. */
  get failure(): MalformedMedia | null {
    return this.#failure
  }

  /**
   * Offset up to which it is decided where the bytes belong. At most 11 bytes before the end of what was pushed: the beginning of an
   * element header, which may be the end of a Cluster of unknown size.
   */
  get settled(): number {
    return this.#walk.settled
  }

  /** Frames of the Cluster in progress whose block headers have been read. */
  get framesInCluster(): number {
    return this.#walk.isInCluster ? this.#reader.cluster.frames : 0
  }

  /**
   * The frames of the Cluster in progress, for readers that cannot wait for its end; null where there is none. Whether the last frame
   * starts an open GOP is known when the next one has begun.
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
