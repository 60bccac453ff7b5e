import { MalformedMedia } from '../../malformed-media.js'
import { ElementWalk } from '../element-walk.js'
import { ClusterCutter } from './cluster-cutter.js'
import { RecutRefused } from './cluster-span.js'
import { RecutReader } from './recut-reader.js'

/**
 * Cuts a Matroska stream into Clusters that begin with key frames, as Kinesis Video wants its fragments, while it passes: anew at the first
 * key frame at least 1 s after the last cut (without video at the first frame). Every frame, its time and key flag, the Tracks and the tags
 * stay as they are; Cues and SeekHead go. It holds no more than one block, and behind a cut what comes before the first frame of each track.
 */
export class MatroskaRecutter {
  readonly #cutter = new ClusterCutter()
  readonly #walk = new ElementWalk(new RecutReader(this.#cutter))
  #failure: MalformedMedia | RecutRefused | null = null

  /** Why the rest of the stream is left out; what was before is whole. Null while all is well. */
  get failure(): MalformedMedia | RecutRefused | null {
    return this.#failure
  }

  /** How many documents were shifted behind the one before them, because their times started over. */
  get shiftedDocuments(): number {
    return this.#cutter.clock.shiftedDocuments
  }

  /** What can be sent on. Nothing comes any more once there is a failure. */
  push(chunk: Uint8Array): Uint8Array[] {
    if (this.#failure === null) this.#attempt(() => this.#walk.feed(chunk))
    return this.#cutter.takeOutput()
  }

  /** The stream is over: the rest. A frame that broke off is left out, and told as a failure. */
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
