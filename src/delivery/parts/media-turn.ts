import type { OutlinedPart } from '../plan/clip-outline.js'

/** As long as a process that has not answered much yet takes to give out a URL, and about as long as nobody minds. */
const MOST_MS = 20
const SMALL_BYTES = 1_048_576

/** Whether a clip is so small that all of it is here before anybody could come for it. */
export function comesAtOnce(parts: readonly Pick<OutlinedPart, 'estimatedBytes'>[]): boolean {
  const [part] = parts
  return part !== undefined && parts.length === 1 && part.estimatedBytes < SMALL_BYTES
}

/**
 * The media of a clip waits a moment for the first who reads it. The answer that gives out its URL, and the request that comes for it at
 * once, would stand in line behind it, for the processor and for the event loop (measured: the first byte came two milliseconds later).
 * The source goes on meanwhile for as much as the sockets between hold.
 */
export class MediaTurn {
  readonly #turn = Promise.withResolvers<void>()
  #timer: NodeJS.Timeout | undefined
  #hasBegun = false

  /** Of several parts none waits: they come to the disk while the heads of others do. */
  static of(parts: readonly Pick<OutlinedPart, 'estimatedBytes'>[]): MediaTurn {
    const turn = new MediaTurn()
    if (parts.length !== 1 || comesAtOnce(parts)) turn.begin()
    return turn
  }

  /** Resolves when somebody reads, or some time after this was first called: whoever asked may be in no hurry, or gone. */
  wait(): Promise<void> {
    if (!this.#hasBegun) this.#timer ??= setTimeout(() => this.begin(), MOST_MS)
    return this.#turn.promise
  }

  /** Somebody reads the clip, or nobody will. */
  begin(): void {
    this.#hasBegun = true
    clearTimeout(this.#timer)
    this.#turn.resolve()
  }
}
