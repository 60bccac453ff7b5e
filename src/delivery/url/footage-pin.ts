import { createHash } from 'node:crypto'
import type { ListedFragment } from '../../domain/listed-fragment.js'

/** A call for each number took three times as long (measured). */
const HASHED_AT_A_TIME = 1000

/** Tells later whether the footage is still that of which a clip was promised. */
export interface FootagePin {
  readonly fragmentCount: number
  readonly firstFragmentNumber: string
  readonly lastFragmentNumber: string
  /** SHA-256 of all fragment numbers in order. */
  readonly digest: Uint8Array
}

/** @param fragments at least one, in playing order */
export function pinFootage(fragments: readonly ListedFragment[]): FootagePin {
  return {
    fragmentCount: fragments.length,
    firstFragmentNumber: fragments[0]?.fragmentNumber ?? '0',
    lastFragmentNumber: fragments.at(-1)?.fragmentNumber ?? '0',
    digest: digestNumbers(fragments),
  }
}

/** Each number ends in a line feed, so that two lists that only read alike do not hash alike. */
export function digestNumbers(fragments: readonly ListedFragment[]): Uint8Array {
  const hash = createHash('sha256')
  for (let from = 0; from < fragments.length; from += HASHED_AT_A_TIME) {
    const numbers = fragments.slice(from, from + HASHED_AT_A_TIME).map(({ fragmentNumber }) => `${fragmentNumber}\n`)
    hash.update(numbers.join(''))
  }
  return new Uint8Array(hash.digest())
}

export function isSameFootage(a: FootagePin, b: FootagePin): boolean {
  return a.fragmentCount === b.fragmentCount && Buffer.compare(a.digest, b.digest) === 0
}
