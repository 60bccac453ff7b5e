import { startOf } from '../../domain/listed-fragment.js'
import type { FragmentMediaSource } from '../../kvs/ports.js'
import type { EpochMs } from '../../lib/clock.js'
import { type ClipOutline, countFragments } from '../plan/clip-outline.js'
import { ClipUnavailable } from '../serve/clip-unavailable.js'
import type { FragmentPictures } from '../verify/fragment-pictures.js'
import { type ReadPicturesOptions, readPictures } from './read-pictures.js'

/** Default number of fragments in the first call of a walk. It is small, because each fragment costs a quota point. */
const FIRST_ASKED = 8
const MOST_ASKED = 64

export interface ReadFragment extends PlacedFragment {
  readonly place: number
  readonly pictures: FragmentPictures
}

export interface Walk {
  /** Place of the first fragment. `step` is the direction. */
  readonly from: number
  readonly step: 1 | -1
  /** Called with each fragment. Returning true ends the walk. */
  readonly isEnough: (fragment: ReadFragment) => boolean
  readonly atATime?: () => number
}

/** Reads the pictures of fragments in and around a clip, and keeps them. */
export class EdgeMedia {
  readonly #pictures = new Map<number, FragmentPictures>()

  constructor(
    private readonly media: FragmentMediaSource,
    private readonly outline: ClipOutline,
    private readonly options: ReadPicturesOptions,
  ) {}

  /** Keyed by the place of the fragment. */
  get pictures(): ReadonlyMap<number, FragmentPictures> {
    return this.#pictures
  }

  /** Null if the fragment has not been read. */
  at(place: number): ReadFragment | null {
    const [fragment, pictures] = [fragmentAt(this.outline, place), this.#pictures.get(place)]
    return fragment && pictures ? { ...fragment, place, pictures } : null
  }

  get all(): ReadFragment[] {
    return [...this.#pictures.keys()].flatMap((place) => this.at(place) ?? [])
  }

  /** Reads fragments in the first call. Only this call reports the first picture. @throws ClipUnavailable, GatewayError */
  readFirst(fragments: readonly EdgeFragment[]): Promise<void> {
    return this.#read(fragments, this.options)
  }

  async #read(
    fragments: readonly EdgeFragment[],
    options: ReadPicturesOptions,
    isEnough: (place: number) => boolean = () => false,
  ): Promise<void> {
    const names = { streamArn: this.outline.spec.streamArn, fragmentNumbers: fragments.map(({ fragmentNumber }) => fragmentNumber) }
    const take = (pictures: FragmentPictures, index: number) => {
      const place = fragments[index]?.place
      if (place === undefined) return false
      this.#pictures.set(place, pictures)
      return isEnough(place)
    }
    await readPictures(this.media, names, { ...options, isEnough: take })
  }

  /**
   * Visits one fragment after another, and reads those that have not been read. Ends if `isEnough` returns true or no fragment is left.
   * @throws ClipUnavailable, GatewayError
   */
  async walk({ from, step, isEnough, atATime = () => FIRST_ASKED }: Walk): Promise<void> {
    const isEnd = (place: number) => {
      const fragment = this.at(place)
      return fragment === null || isEnough(fragment)
    }
    let most = 0
    for (let place = from; ; ) {
      if (this.#pictures.has(place)) {
        if (isEnd(place)) return
        place += step
        continue
      }
      most = Math.min(MOST_ASKED, most === 0 ? Math.max(1, atATime()) : 2 * most)
      const asked = this.#unread(place, step, most)
      if (asked.length === 0) return
      let ended = false
      const { signal, onThrottled } = this.options
      await this.#read(asked, { signal, ...(onThrottled && { onThrottled }) }, (next) => {
        ended = isEnd(next)
        return ended
      })
      if (ended) return
      place += step * asked.length
    }
  }

  #unread(from: number, step: 1 | -1, most: number): EdgeFragment[] {
    const asked: EdgeFragment[] = []
    for (let place = from; asked.length < most && !this.#pictures.has(place); place += step) {
      const fragment = fragmentAt(this.outline, place)
      if (fragment === null) break
      asked.push({ place, fragmentNumber: fragment.fragmentNumber })
    }
    return asked
  }
}

/** Ignores expired footage. Footage before a clip may have expired although the clip has not. */
export async function unlessExpired(reading: Promise<void>): Promise<void> {
  try {
    await reading
  } catch (error) {
    if (error instanceof ClipUnavailable && error.reason === 'FOOTAGE_EXPIRED') return
    throw error
  }
}

// The fragments that are read first: those at the edges of the clip and on both sides of each border between parts. An exact cut also reads
// the neighbours of the clip.

export interface EdgeFragment {
  /** Position in the clip. 0 is its first fragment, and -1 is the one before it. */
  readonly place: number
  readonly fragmentNumber: string
}

/** In playing order. */
export function listEdgeFragments({ parts, spec, neighbours }: ClipOutline): EdgeFragment[] {
  const numbers = new Map<number, string>()
  for (const part of parts) {
    numbers.set(part.firstPlace, part.firstFragmentNumber)
    numbers.set(part.firstPlace + part.fragmentCount - 1, part.lastFragmentNumber)
  }
  const [before, after] = [neighbours.before.at(-1), neighbours.after[0]]
  if (spec.cut === 'EXACT' && before) numbers.set(-1, before.fragmentNumber)
  if (spec.cut === 'EXACT' && after) numbers.set(countFragments(parts), after.fragmentNumber)
  return [...numbers].map(([place, fragmentNumber]) => ({ place, fragmentNumber })).sort((a, b) => a.place - b.place)
}

export interface PlacedFragment {
  readonly fragmentNumber: string
  /** Timestamp by the selector's clock. */
  readonly clockMs: EpochMs
  /** Timestamp by the producer's clock. */
  readonly producerMs: EpochMs
  readonly lengthMs: number
}

/** Null if the outline does not have the fragment at this place. */
export function fragmentAt({ parts, spec, neighbours, knownNumbers }: ClipOutline, place: number): PlacedFragment | null {
  const count = countFragments(parts)
  const beside = place < 0 ? neighbours.before.at(place) : neighbours.after[place - count]
  if (beside !== undefined) {
    const { fragmentNumber, producerTimestampMs: producerMs, lengthMs } = beside
    return { fragmentNumber, clockMs: startOf(beside, spec.fragmentSelectorType), producerMs, lengthMs }
  }
  const { first, last } = knownNumbers
  const fragmentNumber = first[place] ?? last[place - count + last.length]
  const part = parts.find(({ firstPlace, fragmentCount }) => place >= firstPlace && place < firstPlace + fragmentCount)
  if (fragmentNumber === undefined || part === undefined) return null
  const row = place - part.firstPlace
  const [clockMs, producerMs, lengthMs] = [part.startsMs[row], part.producerStartsMs[row], part.lengthsMs[row]]
  if (clockMs === undefined || producerMs === undefined || lengthMs === undefined) return null
  return { fragmentNumber, clockMs, producerMs, lengthMs }
}
