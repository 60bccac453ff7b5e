import type { ListedFragment } from '../../domain/listed-fragment.js'
import type { MediaSignature } from '../../domain/media-signature.js'
import { at } from '../../lib/at.js'
import { mapConcurrently } from '../../lib/map-concurrently.js'

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

/**
 * Determines the signature of every fragment. Reads the fragments at the ends of runs, then bisects between fragments that differ. `byAge`
 * is sorted by fragment number.
 */
export async function readSignatures(
  byAge: readonly ListedFragment[],
  read: (fragment: ListedFragment) => Promise<MediaSignature>,
): Promise<Signatures> {
  const known = new Map<number, MediaSignature>()
  const learn = async (indices: readonly number[]) => {
    const unknown = indices.filter((index) => !known.has(index))
    await mapConcurrently(unknown, READS_AT_ONCE, async (index) => known.set(index, await read(at(byAge, index))))
  }
  const ends = findRunEnds(byAge)
  await learn(ends.length <= MAX_ENDS ? ends : sample(ends, MAX_ENDS))
  if (new Set([...known.values()].map(toKey)).size < 2) await learn(spread(byAge.length - 1))
  for (let middles = findMiddles(known); middles.length > 0; middles = findMiddles(known)) await learn(middles)
  const byNumber = spreadOut(byAge, known)
  const signatureOf = ({ fragmentNumber }: ListedFragment): MediaSignature => {
    const signature = byNumber.get(fragmentNumber)
    if (signature === undefined) throw new RangeError(`fragment ${fragmentNumber} is not among those listed`)
    return signature
  }
  return { keyOf: (fragment) => toKey(signatureOf(fragment)), layoutOf: (fragment) => signatureOf(fragment).layout }
}

/** The middle of each stretch whose ends differ. None if each change is between two adjacent fragments. */
function findMiddles(known: ReadonlyMap<number, MediaSignature>): number[] {
  const sorted = [...known].sort(([a], [b]) => a - b)
  return sorted.flatMap(([index, signature], place) => {
    const [before, signatureBefore] = sorted[place - 1] ?? [index, signature]
    return index - before < 2 || toKey(signatureBefore) === toKey(signature) ? [] : [(before + index) >>> 1]
  })
}

/** A fragment that was not read gets the signature of the last fragment before it that was read. */
function spreadOut(byAge: readonly ListedFragment[], known: ReadonlyMap<number, MediaSignature>): Map<string, MediaSignature> {
  const byNumber = new Map<string, MediaSignature>()
  let last = known.get(Math.min(...known.keys()))
  byAge.forEach(({ fragmentNumber }, index) => {
    last = known.get(index) ?? last
    if (last !== undefined) byNumber.set(fragmentNumber, last)
  })
  return byNumber
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
