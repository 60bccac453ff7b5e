import type { ListedFragment } from '../../domain/listed-fragment.js'
import type { MediaSignature } from '../../domain/media-signature.js'
import { at } from '../../lib/at.js'

/** Maximum number of run ends to read. If there are more, a sample of them is read. */
const MAX_ENDS = 120
const READS_AT_ONCE = 4
/**
 * If all run ends are equal, tracks may have changed and changed back between them. The search then divides the fragments into this many
 * stretches and reads the fragments at their borders.
 */
const FINEST_SPREAD = 8

/**
 * Observed in six real fragment numbers: `2^156 + count * 2^92 + …`, with a count that grows by one within a PutMedia call. This is not
 * documented, so never rely on it.
 */
const COUNT_SHIFT = 92n

export interface Signatures {
  /** Equal for fragments that can be in the same file. */
  keyOf(fragment: ListedFragment): string
  layoutOf(fragment: ListedFragment): string
}

type Read = (fragment: ListedFragment) => Promise<MediaSignature>

/**
 * Determines the signature of every fragment. Reads the fragments at the ends of runs, then bisects between fragments that differ. `byAge`
 * is sorted by fragment number.
 */
export async function readSignatures(byAge: readonly ListedFragment[], read: Read): Promise<Signatures> {
  const known = new KnownSignatures(byAge, read)
  const ends = findRunEnds(byAge)
  await known.learn(ends.length <= MAX_ENDS ? ends : sample(ends, MAX_ENDS))
  if (known.isUniform) await known.learn(spread(byAge.length - 1))
  await known.narrow()
  return known
}

class KnownSignatures implements Signatures {
  readonly #known = new Map<number, MediaSignature>()
  #byNumber: Map<string, MediaSignature> | null = null

  constructor(
    private readonly byAge: readonly ListedFragment[],
    private readonly read: Read,
  ) {}

  get isUniform(): boolean {
    return new Set([...this.#known.values()].map(toKey)).size < 2
  }

  async learn(indices: readonly number[]): Promise<void> {
    const unknown = indices.filter((index) => !this.#known.has(index))
    for (let at = 0; at < unknown.length; at += READS_AT_ONCE) {
      await Promise.all(unknown.slice(at, at + READS_AT_ONCE).map((index) => this.#learnOne(index)))
    }
  }

  /** Bisects each stretch whose ends differ, until the change is between two adjacent fragments. */
  async narrow(): Promise<void> {
    for (;;) {
      const places = this.#sortedPlaces()
      const middles = places.flatMap((place, index) => {
        const before = places[index - 1]
        if (before === undefined || place - before < 2 || this.#keyAt(before) === this.#keyAt(place)) return []
        return [(before + place) >>> 1]
      })
      if (middles.length === 0) return
      await this.learn(middles)
    }
  }

  keyOf(fragment: ListedFragment): string {
    return toKey(this.#signatureOf(fragment))
  }

  layoutOf(fragment: ListedFragment): string {
    return this.#signatureOf(fragment).layout
  }

  async #learnOne(index: number): Promise<void> {
    const fragment = this.byAge[index]
    if (fragment !== undefined) this.#known.set(index, await this.read(fragment))
  }

  #signatureOf({ fragmentNumber }: ListedFragment): MediaSignature {
    this.#byNumber ??= this.#spreadOut()
    const signature = this.#byNumber.get(fragmentNumber)
    if (signature === undefined) throw new RangeError(`fragment ${fragmentNumber} is not among those listed`)
    return signature
  }

  /** A fragment that was not read gets the signature of the last fragment before it that was read. */
  #spreadOut(): Map<string, MediaSignature> {
    const byNumber = new Map<string, MediaSignature>()
    let last = this.#known.get(at(this.#sortedPlaces(), 0))
    this.byAge.forEach(({ fragmentNumber }, index) => {
      last = this.#known.get(index) ?? last
      if (last !== undefined) byNumber.set(fragmentNumber, last)
    })
    return byNumber
  }

  #sortedPlaces(): number[] {
    return [...this.#known.keys()].sort((a, b) => a - b)
  }

  #keyAt(index: number): string {
    const signature = this.#known.get(index)
    return signature === undefined ? '' : toKey(signature)
  }
}

function toKey({ layout, configuration }: MediaSignature): string {
  return `${layout}\n${configuration}`
}

/** First and last index of each run: a stretch in which the count grows by one. */
function findRunEnds(byAge: readonly ListedFragment[]): number[] {
  const counts = byAge.map(({ fragmentNumber }) => BigInt(fragmentNumber) >> COUNT_SHIFT)
  return byAge.flatMap((_, index) => {
    const [before, own, after] = [counts[index - 1], counts[index], counts[index + 1]]
    const isInside = before !== undefined && own !== undefined && after !== undefined && own - before === 1n && after - own === 1n
    return isInside ? [] : [index]
  })
}

function sample(indices: readonly number[], most: number): number[] {
  return Array.from({ length: most }, (_, at) => indices[Math.round((at * (indices.length - 1)) / (most - 1))] ?? 0)
}

/** The middle index, then the middles of both halves, and so on. */
function spread(last: number): number[] {
  const indices: number[] = []
  for (let parts = 2; parts <= FINEST_SPREAD; parts *= 2) {
    for (let at = 1; at < parts; at += 2) indices.push(Math.round((last * at) / parts))
  }
  return indices
}
