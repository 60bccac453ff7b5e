import type { GatewayError } from '../../domain/errors.js'
import { orAborted } from '../../lib/clock.js'
import type { Hold } from '../../lib/held-values.js'
import { mapConcurrently } from '../../lib/map-concurrently.js'
import type { EdgeReading } from '../parts/edge-reading.js'
import { type Part, toClearer } from '../parts/part.js'
import type { SharedParts } from '../parts/shared-parts.js'
import { type ClipOutline, type OutlinedPart, toPlayingParts } from '../plan/clip-outline.js'

/** Maximum number of parts of one clip that are fetched at once, in order. The quota of the stream may slow them further. */
const SIDE_BY_SIDE = 6

export type PartOrigin = 'stored' | 'joined_in_flight' | 'fetched'

/** One GetClip call of the clip. */
export class ClipPart {
  readonly part: Part

  constructor(
    readonly outlined: OutlinedPart,
    /** The number of the part in the layout. */
    readonly source: number,
    readonly hold: Hold<Part>,
  ) {
    this.part = hold.value
  }

  /** Opens the part or starts its fetch. Resolves when its headers have arrived. */
  async open(signal: AbortSignal): Promise<PartOrigin> {
    this.part.start()
    const origin = await orAborted(this.part.opened, signal)
    if (this.hold.isNew || origin === 'stored') return origin
    return this.part.state?.state === 'complete' ? 'stored' : 'joined_in_flight'
  }
}

/** The parts and the edges of one clip. They are held until `close`. */
export class ClipParts {
  /** All parts in playing order. Resolves when the extra parts of an exact cut are known. */
  readonly playing: Promise<readonly ClipPart[]>
  readonly reading: EdgeReading
  readonly #releases: (() => void)[] = []
  /** The planned parts, then the extra parts of an exact cut. */
  readonly #parts: ClipPart[] = []
  #isClosed = false
  #furthest = 0

  constructor(
    private readonly outline: ClipOutline,
    private readonly source: SharedParts,
    private readonly onChange: () => void,
  ) {
    const edges = source.holdEdges(outline)
    this.#releases.push(edges.release)
    this.reading = edges.value
    const planned = outline.parts.map((part) => this.#add(part))
    this.playing = outline.spec.cut === 'EXACT' ? this.#addExtra(planned) : Promise.resolve(planned)
    this.playing.catch(() => null)
  }

  /** The most informative throttling error of all parts. Null if none is throttled. */
  get throttled(): GatewayError | null {
    return this.#parts.reduce((known, { part }) => toClearer(known, part.throttled), this.reading.throttled)
  }

  /** From 0 to 1. Never decreases. An estimate until all sizes are known. */
  get progress(): number {
    let [arrived, expected] = [0, 0]
    for (const { outlined, part } of this.#parts) {
      const bytes = toBytes(part.state, outlined.estimatedBytes)
      arrived += bytes.arrived
      expected += bytes.expected
    }
    // A size that is larger than its estimate would reduce the progress.
    this.#furthest = Math.max(this.#furthest, expected === 0 ? 0 : Math.min(1, arrived / expected))
    return this.#furthest
  }

  /** The parts, indexed by their number in the layout. */
  async bySource(): Promise<readonly Part[]> {
    await this.playing
    return this.#parts.map(({ part }) => part)
  }

  /** Calls `fetch` for every part, a few at a time. Resolves when all parts are complete. */
  async fetchAll(fetch: (part: ClipPart) => Promise<void>): Promise<void> {
    const planned = [...this.#parts]
    const fetchExtra = async () => {
      const extra = (await this.playing).filter((part) => !planned.includes(part))
      await mapConcurrently(extra, SIDE_BY_SIDE, fetch)
    }
    await Promise.all([mapConcurrently(planned, SIDE_BY_SIDE, fetch), fetchExtra()])
  }

  /** Discards all parts, because bytes that do not fit together may be damaged. The next clip fetches them again. */
  async discard(): Promise<void> {
    await Promise.all(this.#parts.map(({ part }) => this.source.discard(part.key)))
  }

  close(): void {
    this.#isClosed = true
    for (const release of this.#releases.splice(0)) release()
  }

  #add(outlined: OutlinedPart): ClipPart {
    const hold = this.source.hold(outlined, this.outline)
    this.#releases.push(hold.value.onChange(this.onChange), hold.release)
    const added = new ClipPart(outlined, this.#parts.length, hold)
    this.#parts.push(added)
    return added
  }

  async #addExtra(planned: readonly ClipPart[]): Promise<readonly ClipPart[]> {
    const edges = await this.reading.edges
    if (this.#isClosed) return planned
    const known = new Map(planned.map((part) => [part.outlined, part]))
    return toPlayingParts(this.outline, edges).map((part) => known.get(part) ?? this.#add(part))
  }
}

function toBytes(state: Part['state'], estimatedBytes: number): { readonly arrived: number; readonly expected: number } {
  if (state?.state === 'complete') return { arrived: state.sizeBytes, expected: state.sizeBytes }
  if (state?.state !== 'arriving') return { arrived: 0, expected: estimatedBytes }
  // An exceeded estimate is raised, so that a clip that is still arriving does not look complete.
  const expected = state.expectedBytes ?? Math.max(estimatedBytes, state.arrivedBytes * 1.01)
  return { arrived: state.arrivedBytes, expected }
}
