import type { GatewayError } from '../../domain/errors.js'
import { orAborted } from '../../lib/clock.js'
import type { Hold } from '../../lib/held-values.js'
import type { EdgeReading } from '../parts/edge-reading.js'
import { type Part, toClearer } from '../parts/part.js'
import type { Parts } from '../parts/parts.js'
import { type ClipOutline, type OutlinedPart, toPlayingParts } from '../plan/clip-outline.js'

/** Parts of one clip that are fetched at the same time, the first ones first. The quota of the stream paces them further. */
const SIDE_BY_SIDE = 6

/** Where the bytes of a clip come from. */
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

  /** Opens the part or begins its fetch. Resolves when its headers have come. */
  async open(signal: AbortSignal): Promise<PartOrigin> {
    this.part.start()
    const origin = await orAborted(this.part.opened, signal)
    if (this.hold.isNew || origin === 'stored') return origin
    return this.part.state?.state === 'complete' ? 'stored' : 'joined_in_flight'
  }
}

/** The parts and the edges of one clip: held until `close`. */
export class ClipParts {
  /** In playing order, once it is known which there are. */
  readonly playing: Promise<readonly ClipPart[]>
  readonly reading: EdgeReading
  readonly #outline: ClipOutline
  readonly #source: Parts
  readonly #onChange: () => void
  /** What ends the use of the edges and of each part. */
  readonly #releases: (() => void)[] = []
  /** The planned ones, then those that an exact cut needs besides. */
  readonly #parts: ClipPart[] = []
  #isClosed = false
  #furthest = 0

  constructor(outline: ClipOutline, source: Parts, onChange: () => void) {
    this.#outline = outline
    this.#source = source
    this.#onChange = onChange
    const edges = source.holdEdges(outline)
    this.#releases.push(edges.release)
    this.reading = edges.value
    const planned = outline.parts.map((part) => this.#add(part))
    this.playing = outline.spec.cut === 'EXACT' ? this.#addExtra(planned) : Promise.resolve(planned)
    this.playing.catch(() => null)
  }

  /** The reason that says most about why parts are late. Null when none is throttled. */
  get throttled(): GatewayError | null {
    return this.#parts.reduce((known, { part }) => toClearer(known, part.throttled), this.reading.throttled)
  }

  /** From 0 to 1, never less than before. An estimate while sizes are not known. */
  get progress(): number {
    let [arrived, expected] = [0, 0]
    for (const { outlined, part } of this.#parts) {
      const bytes = toBytes(part.state, outlined.estimatedBytes)
      arrived += bytes.arrived
      expected += bytes.expected
    }
    // A size that turns out larger than estimated would reduce it.
    this.#furthest = Math.max(this.#furthest, expected === 0 ? 0 : Math.min(1, arrived / expected))
    return this.#furthest
  }

  /** By their numbers in the layout. */
  async bySource(): Promise<readonly Part[]> {
    await this.playing
    return this.#parts.map(({ part }) => part)
  }

  /** Fetches all parts to their ends. `fetch` is called for each when it is its turn. */
  async fetchAll(fetch: (part: ClipPart) => Promise<void>): Promise<void> {
    const planned = [...this.#parts]
    const fetchExtra = async () =>
      fetchSideBySide(
        (await this.playing).filter((part) => !planned.includes(part)),
        fetch,
      )
    await Promise.all([fetchSideBySide(planned, fetch), fetchExtra()])
  }

  /** Bytes that do not fit together may be damaged: they are fetched again for the next clip. */
  async discard(): Promise<void> {
    await Promise.all(this.#parts.map(({ part }) => this.#source.discard(part.key)))
  }

  close(): void {
    this.#isClosed = true
    for (const release of this.#releases.splice(0)) release()
  }

  #add(outlined: OutlinedPart): ClipPart {
    const hold = this.#source.hold(outlined, this.#outline)
    this.#releases.push(hold.value.onChange(this.#onChange), hold.release)
    const added = new ClipPart(outlined, this.#parts.length, hold)
    this.#parts.push(added)
    return added
  }

  async #addExtra(planned: readonly ClipPart[]): Promise<readonly ClipPart[]> {
    const edges = await this.reading.edges
    if (this.#isClosed) return planned
    const known = new Map(planned.map((part) => [part.outlined, part]))
    return toPlayingParts(this.#outline, edges).map((part) => known.get(part) ?? this.#add(part))
  }
}

async function fetchSideBySide(parts: readonly ClipPart[], fetch: (part: ClipPart) => Promise<void>): Promise<void> {
  const waiting = parts.values()
  const work = async () => {
    for (const part of waiting) await fetch(part)
  }
  await Promise.all(Array.from({ length: Math.min(SIDE_BY_SIDE, parts.length) }, work))
}

function toBytes(state: Part['state'], estimatedBytes: number): { readonly arrived: number; readonly expected: number } {
  if (state?.state === 'complete') return { arrived: state.sizeBytes, expected: state.sizeBytes }
  if (state?.state !== 'arriving') return { arrived: 0, expected: estimatedBytes }
  // An estimate that is exceeded is raised: a clip that is still arriving must not look complete.
  const expected = state.expectedBytes ?? Math.max(estimatedBytes, state.arrivedBytes * 1.01)
  return { arrived: state.arrivedBytes, expected }
}
