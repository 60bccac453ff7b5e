// Which of several runs of ingestion over the same producer time is given back: the oldest.

import type { EpochMs } from '../lib/clock.js'
import { KVS_LIMITS } from './limits.js'
import { compareNumbers, isNextNumber, type ListedFragment } from './listed-fragment.js'

export interface ShadowedFragment {
  readonly fragment: ListedFragment
  /** As many as suffice, in order of time: a range that holds the fragment without one of them may be given the fragment. */
  readonly coveredBy: readonly ListedFragment[]
}

/**
 * Audio and B-frames make a fragment reach a little into the next one. Only what overlaps by more than this, or than half of a fragment, is
 * another run over the same time: the listing does not tell which fragments came with one PutMedia.
 */
const OVERHANG_MS = 500

/** Takes fragments in order of producer time. Older ones are decided about first, for what is itself left out covers nothing. */
export function dropNewerRuns(sorted: readonly ListedFragment[]): {
  readonly fragments: readonly ListedFragment[]
  readonly shadowed: readonly ShadowedFragment[]
} {
  const fragments: ListedFragment[] = []
  const shadowed: ShadowedFragment[] = []
  for (const fragment of sorted.toSorted((a, b) => compareNumbers(a.fragmentNumber, b.fragmentNumber))) {
    const coveredBy = findCovering(fragment, fragments)
    if (coveredBy.length > 0) shadowed.push({ fragment, coveredBy })
    else fragments.splice(placeBehind(fragments, fragment.producerTimestampMs), 0, fragment)
  }
  return { fragments, shadowed }
}

/** Of older fragments in order of time, those that cover it; none when it is given. */
function findCovering(fragment: ListedFragment, older: readonly ListedFragment[]): readonly ListedFragment[] {
  const startMs = fragment.producerTimestampMs
  const around = findAround(fragment, older)
  const deep = around.find((other) => isDeepInside(other, startMs))
  if (deep) return [deep]
  const others = around.filter((other) => !isOwnPredecessor(other, fragment))
  return findEnough(fragment, others)
}

/**
 * A run does not cover itself. Its fragment before this one is known by its number, which directly precedes this one's: GetClip, which
 * knows the runs, counts no overhang of it.
 */
function isOwnPredecessor(other: ListedFragment, fragment: ListedFragment): boolean {
  return other.producerTimestampMs < fragment.producerTimestampMs && isNextNumber(other.fragmentNumber, fragment.fragmentNumber)
}

/** Those that may overlap it. No fragment is longer than the quota. */
function findAround(fragment: ListedFragment, older: readonly ListedFragment[]): ListedFragment[] {
  const around: ListedFragment[] = []
  for (let index = placeBehind(older, fragment.producerTimestampMs - KVS_LIMITS.maxFragmentMs - 1); index < older.length; index++) {
    const other = older[index]
    if (!other || other.producerTimestampMs > endOf(fragment)) break
    if (endOf(other) >= fragment.producerTimestampMs) around.push(other)
  }
  return around
}

function isDeepInside(fragment: ListedFragment, instantMs: EpochMs): boolean {
  const distanceMs = instantMs - fragment.producerTimestampMs
  return distanceMs === 0 || (distanceMs > 0 && distanceMs < lengthOf(fragment) - overhangOf(fragment))
}

/**
 * The first of them that together cover more than an overhang, up to one that starts later: before an older fragment only another run
 * starts, and what is older at both its ends counts together. None when there is no such fragment, or all cover less.
 */
function findEnough(fragment: ListedFragment, around: readonly ListedFragment[]): readonly ListedFragment[] {
  const firstLater = around.findIndex(({ producerTimestampMs }) => producerTimestampMs > fragment.producerTimestampMs)
  if (firstLater < 0) return []
  let [coveredMs, countedTo] = [0, fragment.producerTimestampMs]
  for (const [index, other] of around.entries()) {
    const toMs = Math.min(endOf(other), endOf(fragment))
    coveredMs += Math.max(0, toMs - Math.max(other.producerTimestampMs, countedTo))
    countedTo = Math.max(countedTo, toMs)
    if (coveredMs > overhangOf(fragment)) return around.slice(0, Math.max(index, firstLater) + 1)
  }
  return []
}

function overhangOf(fragment: ListedFragment): number {
  return Math.min(OVERHANG_MS, lengthOf(fragment) / 2)
}

function endOf(fragment: ListedFragment): EpochMs {
  return fragment.producerTimestampMs + lengthOf(fragment)
}

function lengthOf({ lengthMs }: ListedFragment): number {
  return Math.min(lengthMs, KVS_LIMITS.maxFragmentMs)
}

/** The index behind all that start at the instant or before. Looked for from the end: most fragments are the newest so far. */
function placeBehind(sorted: readonly ListedFragment[], instantMs: EpochMs): number {
  if ((sorted.at(-1)?.producerTimestampMs ?? instantMs) <= instantMs) return sorted.length
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle]?.producerTimestampMs ?? 0) <= instantMs) low = middle + 1
    else high = middle
  }
  return low
}
