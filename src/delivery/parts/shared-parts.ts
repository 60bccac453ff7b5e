import type { ClipSource, FragmentMediaSource } from '../../kvs/ports.js'
import { HeldValues, type Hold } from '../../lib/held-values.js'
import { Semaphore } from '../../lib/semaphore.js'
import { type ClipOutline, type OutlinedPart, toPlayingParts } from '../plan/clip-outline.js'
import type { PartStore } from '../ports.js'
import type { ClipSpec } from '../url/clip-spec.js'
import { EdgeReading, toEdgesKey } from './edge-reading.js'
import { Part } from './part.js'

/** Maximum number of GetClip calls in progress. A clip has at most six, and one requestClips mutation may start 25 clips. */
const MOST_FETCHES = 32

export interface PartSources {
  readonly clips: ClipSource
  readonly media: FragmentMediaSource
  readonly store: PartStore
}

export interface PartClip {
  readonly spec: Pick<ClipSpec, 'streamArn' | 'fragmentSelectorType'>
  readonly parts: readonly unknown[]
}

/** The parts and the edges that clips hold. Clips that need the same part share it. */
export class SharedParts {
  readonly #parts = new HeldValues<Part>()
  readonly #edges = new HeldValues<EdgeReading>()
  readonly #fetches = new Semaphore(MOST_FETCHES)

  constructor(private readonly sources: PartSources) {}

  hold({ key, range, fragmentCount }: OutlinedPart, { spec, parts }: PartClip): Hold<Part> {
    const { streamArn, fragmentSelectorType } = spec
    const request = { streamArn, fragmentSelectorType, range, expectedFragments: fragmentCount, isBulk: parts.length > 1 }
    const onFailed = (part: Part) => this.#parts.forget(key, part)
    const { clips, store } = this.sources
    return this.#parts.hold(key, () => new Part({ key, request, clips, store, fetches: this.#fetches, onFailed }))
  }

  holdEdges(outline: ClipOutline): Hold<EdgeReading> {
    const key = toEdgesKey(outline)
    const onFailed = (reading: EdgeReading) => this.#edges.forget(key, reading)
    return this.#edges.hold(key, () => new EdgeReading({ ...this.sources, key, outline, onFailed }))
  }

  /** Removes a part whose bytes are doubtful. It is fetched again for the next clip. */
  async discard(key: string): Promise<void> {
    this.#parts.forget(key)
    await this.sources.store.discard(key)
  }

  /** Whether the clip can be made without a call to Kinesis Video: its edges and all parts are stored. */
  async hasAll(outline: ClipOutline): Promise<boolean> {
    if (!(await this.#areStored(outline.parts)) || !(await this.sources.store.has(toEdgesKey(outline)))) return false
    const hold = this.holdEdges(outline)
    try {
      return await this.#areStored(toPlayingParts(outline, await hold.value.edges))
    } finally {
      hold.release()
    }
  }

  /** Checks one part after another, because usually the first one is missing. */
  async #areStored(parts: readonly OutlinedPart[]): Promise<boolean> {
    for (const { key } of parts) if (!(await this.sources.store.has(key))) return false
    return true
  }
}
