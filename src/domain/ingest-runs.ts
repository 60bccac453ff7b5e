// If several ingest runs cover the same producer time, GetClip returns the oldest. The listing does not say which fragments belong to one
// PutMedia call. But numbers grow with ingestion, and within one PutMedia call producer timestamps never go back (error 4005). So two
// fragments certainly belong to different runs only if the timestamps go back between their numbers.

import { at } from '../lib/at.js'
import type { EpochMs } from '../lib/clock.js'
import { partitionPoint } from '../lib/partition-point.js'
import { KVS_LIMITS } from './limits.js'
import { compareNumbers, type ListedFragment } from './listed-fragment.js'

export interface ShadowedFragment {
  readonly fragment: ListedFragment
  /** Sorted by time. GetClip omits the fragment if the range also has all of these. */
  readonly coveredBy: readonly ListedFragment[]
}

interface Decided {
  readonly fragment: ListedFragment
  readonly isGiven: boolean
}

/** `sorted` by producer time. Older fragments are decided first, because a shadowed fragment covers nothing. */
export function dropNewerRuns(sorted: readonly ListedFragment[]): {
  readonly fragments: readonly ListedFragment[]
  readonly shadowed: readonly ShadowedFragment[]
} {
  const decided: Decided[] = []
  const shadowed: ShadowedFragment[] = []
  for (const fragment of sorted.toSorted((a, b) => compareNumbers(a.fragmentNumber, b.fragmentNumber))) {
    const coveredBy = findCovering(fragment, findAround(fragment, decided))
    if (coveredBy.length > 0) shadowed.push({ fragment, coveredBy })
    decided.splice(placeBehind(decided, fragment.producerTimestampMs), 0, { fragment, isGiven: coveredBy.length === 0 })
  }
  return { fragments: decided.filter(({ isGiven }) => isGiven).map(({ fragment }) => fragment), shadowed }
}

/** Empty if GetClip returns the fragment. `around` are older fragments, sorted by time. */
function findCovering(fragment: ListedFragment, around: readonly Decided[]): readonly ListedFragment[] {
  const overlapping = around.filter((other) => other.isGiven && endOf(other.fragment) >= fragment.producerTimestampMs)
  if (overlapping.length === 0) return []
  const given = overlapping.map((other) => other.fragment)
  const equal = given.find(({ producerTimestampMs }) => producerTimestampMs === fragment.producerTimestampMs)
  if (equal) return [equal]
  if (findEnough(fragment, given).length === 0) return []
  const { own, others } = splitRuns(
    fragment,
    around.map((other) => other.fragment),
  )
  const foreign = new Set(others)
  const covering = findEnough(
    fragment,
    given.filter((other) => foreign.has(other)),
  )
  if (covering.length === 0) return []
  const needed = new Set([...covering, ...findProof(covering, own, others)])
  return [...needed].sort((a, b) => a.producerTimestampMs - b.producerTimestampMs)
}

interface Runs {
  /** From the fragment itself back to the oldest fragment that may belong to its run. */
  readonly own: readonly ListedFragment[]
  /** From the newest to the oldest. These fragments certainly belong to other runs. */
  readonly others: readonly ListedFragment[]
}

function splitRuns(fragment: ListedFragment, older: readonly ListedFragment[]): Runs {
  const backwards = [fragment, ...older.toSorted((a, b) => compareNumbers(b.fragmentNumber, a.fragmentNumber))]
  const end = backwards.findIndex((other, index) => other.producerTimestampMs > (backwards[index - 1] ?? other).producerTimestampMs)
  return end < 0 ? { own: backwards, others: [] } : { own: backwards.slice(0, end), others: backwards.slice(end) }
}

/**
 * Finds the fragments that prove that the covering fragments belong to another run: the shortest step back of the timestamps between them
 * and this fragment. A short step leaves more places where a range can be cut.
 */
function findProof(
  covering: readonly ListedFragment[],
  own: readonly ListedFragment[],
  others: readonly ListedFragment[],
): ListedFragment[] {
  const covers = new Set(covering)
  const newest = others.findIndex((other) => covers.has(other))
  for (const [index, later] of own.entries()) {
    const ahead = others.slice(0, newest + 1).filter((other) => other.producerTimestampMs > later.producerTimestampMs)
    const [first, ...rest] = ahead
    if (!first) continue
    const nearest = rest.reduce((near, other) => (other.producerTimestampMs < near.producerTimestampMs ? other : near), first)
    return index === 0 ? [nearest] : [nearest, later]
  }
  return []
}

/** The first fragments, by time, that together cover more than half of the fragment. Empty if all of them together cover less. */
function findEnough(fragment: ListedFragment, sorted: readonly ListedFragment[]): readonly ListedFragment[] {
  const startMs = fragment.producerTimestampMs
  let [coveredMs, countedTo] = [0, startMs]
  for (const [index, other] of sorted.entries()) {
    if (lengthOf(fragment) === 0 && other.producerTimestampMs < startMs && endOf(other) >= startMs) return [other]
    const toMs = Math.min(endOf(other), endOf(fragment))
    coveredMs += Math.max(0, toMs - Math.max(other.producerTimestampMs, countedTo))
    countedTo = Math.max(countedTo, toMs)
    if (coveredMs * 2 > lengthOf(fragment)) return sorted.slice(0, index + 1)
  }
  return []
}

/** All decided fragments that can overlap the fragment. No fragment is longer than the quota. */
function findAround(fragment: ListedFragment, decided: readonly Decided[]): readonly Decided[] {
  const from = placeBehind(decided, fragment.producerTimestampMs - KVS_LIMITS.maxFragmentMs - 1)
  return decided.slice(from, placeBehind(decided, endOf(fragment)))
}

function endOf(fragment: ListedFragment): EpochMs {
  return fragment.producerTimestampMs + lengthOf(fragment)
}

function lengthOf({ lengthMs }: ListedFragment): number {
  return Math.min(lengthMs, KVS_LIMITS.maxFragmentMs)
}

/** Index after the last fragment that starts at or before the instant. */
function placeBehind(sorted: readonly Decided[], instantMs: EpochMs): number {
  const isBefore = (index: number) => at(sorted, index).fragment.producerTimestampMs <= instantMs
  // Most fragments are the newest so far.
  if (sorted.length === 0 || isBefore(sorted.length - 1)) return sorted.length
  return partitionPoint(sorted.length, isBefore)
}
