import { MalformedMedia } from '../../malformed-media.js'
import { ElementWalk } from '../element-walk.js'
import { ClusterCutter } from './cluster-cutter.js'
import { RecutRefused } from './cluster-span.js'
import { RecutReader } from './recut-reader.js'

/**
 * Divides a Matroska stream into Clusters that begin with key frames, as Kinesis Video requires: at the first key frame at least 1 s after
 * the last cut (or the first frame, if there is no video). Frames, their times and key flags, Tracks and tags do not change. Cues and
 * SeekHead are removed. Holds one block, and after a cut all blocks before the first frame of each track.
 */
export class MatroskaRecutter {
  readonly #cutter = new ClusterCutter()
  readonly #walk = new ElementWalk(new RecutReader(this.#cutter))
  #failure: MalformedMedia | RecutRefused | null = null

  /** Why the rest of the stream is dropped. The output so far is complete. Null if there is no failure. */
  get failure(): MalformedMedia | RecutRefused | null {
    return this.#failure
  }

  /** How many documents were shifted behind the one before them, because their times started over. */
  get shiftedDocuments(): number {
    return this.#cutter.clock.shiftedDocuments
  }

  /** Returns the output so far. There is none after a failure. */
  push(chunk: Uint8Array): Uint8Array[] {
    if (this.#failure === null) this.#attempt(() => this.#walk.feed(chunk))
    return this.#cutter.takeOutput()
  }

  /** Ends the stream and returns the rest. An incomplete frame is dropped, and is a failure. */
  end(): Uint8Array[] {
    if (this.#failure === null) this.#attempt(() => this.#walk.finish())
    this.#attempt(() => this.#cutter.finish())
    return this.#cutter.takeOutput()
  }

  #attempt(work: () => void): void {
    try {
      work()
    } catch (error) {
      if (!(error instanceof MalformedMedia || error instanceof RecutRefused)) throw error
      this.#failure ??= error
    }
  }
}
