// How a clip's fragments are dealt out to GetClip calls. It depends on the listed fragments alone, so every gateway packs alike.

import type { EpochMs } from '../lib/clock.js'
import type { FragmentSelection } from './fragment-selection.js'
import { KVS_LIMITS } from './limits.js'
import { type ListedFragment, startOf } from './listed-fragment.js'
import type { FragmentSelectorType, TimeRange } from './time-range.js'

/** One GetClip call. */
export interface PlannedPart {
  /** Picks exactly the part's fragments, both ends inclusive. */
  readonly range: TimeRange
  readonly fragments: readonly ListedFragment[]
  /** As the service reports them. */
  readonly sizeBytes: number
}

export interface PackingLimits {
  readonly maxFragments: number
  readonly maxBytes: number
}

/**
 * GetClip counts the bytes of its MP4 and cuts silently, while the listing tells those of the stored Matroska. Sample tables take
 * up to 40 bytes a frame, which is 4 % of 1 kB frames; hence the margin. Fragments are counted exactly by both.
 */
export const PART_LIMITS: PackingLimits = {
  maxFragments: KVS_LIMITS.maxFragmentsPerGetClip,
  maxBytes: KVS_LIMITS.maxBytesPerGetClip * 0.95,
}

/** Fragments that no range can tell apart, and that are too many or too large for one call. */
export interface Inseparable {
  readonly limit: 'fragments' | 'bytes'
  readonly range: TimeRange
}

export interface Packing {
  readonly parts: readonly PlannedPart[]
  /** Null when every fragment is in a part; else what the packing stopped at. */
  readonly inseparable: Inseparable | null
}

interface PackingInput {
  readonly selection: FragmentSelection
  readonly selector: FragmentSelectorType
  /** The range that the fragments were selected by. */
  readonly range: TimeRange
  readonly limits?: PackingLimits
}

/** As many fragments into each part as it takes, in playing order. */
export function packFragments({ selection, selector, range, limits = PART_LIMITS }: PackingInput): Packing {
  const { fragments } = selection
  const canBegin = findBorders(selection, selector)
  const parts: PlannedPart[] = []
  for (let first = 0; first < fragments.length; ) {
    const full = fill(fragments, first, limits)
    const next = lastBorder(canBegin, first, full.next)
    if (next === first) {
      const inseparable = toInseparable(fragments, { first, next: full.next, limit: full.limit, selector })
      return { parts: withLeftOut(parts, { selection, selector, isWhole: false }), inseparable }
    }
    parts.push(toPart(fragments.slice(first, next), selector, range))
    first = next
  }
  return { parts: withLeftOut(parts, { selection, selector, isWhole: true }), inseparable: null }
}

interface LeftOutOptions extends Pick<PackingInput, 'selection' | 'selector'> {
  /** Whether the last part is the end of the selection. */
  readonly isWhole: boolean
}

/** At both ends, what is left out may be what shows that other fragments are of a newer run: it stays in the range of the call. */
function withLeftOut(parts: readonly PlannedPart[], { selection, selector, isWhole }: LeftOutOptions): PlannedPart[] {
  const leftOutMs = selection.shadowed.map(({ fragment }) => startOf(fragment, selector))
  return parts.map((part, index) => {
    let { startMs, endMs } = part.range
    if (index === 0) startMs = leftOutMs.reduce((least, instantMs) => Math.min(least, instantMs), startMs)
    if (isWhole && index === parts.length - 1) endMs = leftOutMs.reduce((most, instantMs) => Math.max(most, instantMs), endMs)
    return { ...part, range: { startMs, endMs } }
  })
}

/** How far a part that begins at `first` may reach, borders apart, and what stops it. */
function fill(
  fragments: readonly ListedFragment[],
  first: number,
  { maxFragments, maxBytes }: PackingLimits,
): { readonly next: number; readonly limit: Inseparable['limit'] } {
  let sizeBytes = 0
  for (let index = first; index < fragments.length; index++) {
    sizeBytes += fragments[index]?.sizeBytes ?? 0
    if (index - first === maxFragments) return { next: index, limit: 'fragments' }
    if (sizeBytes > maxBytes) return { next: index, limit: 'bytes' }
  }
  return { next: fragments.length, limit: 'fragments' }
}

function lastBorder(canBegin: readonly boolean[], first: number, next: number): number {
  for (let index = next; index > first; index--) if (canBegin[index]) return index
  return first
}

/**
 * Before which fragments (the end of the list is one more) a part may begin: where the starts lie 2 ms apart or more, for a range that
 * must end later than it starts takes in a neighbour at 1 ms; and, by producer time, where no fragment is left without those that cover it.
 */
function findBorders({ fragments, shadowed }: FragmentSelection, selector: FragmentSelectorType): boolean[] {
  const startsMs = fragments.map((fragment) => startOf(fragment, selector))
  const startAt = (index: number) => startsMs[index] ?? 0
  const canBegin = fragments.map((_, index) => index === 0 || startAt(index) - startAt(index - 1) >= 2)
  canBegin.push(true)
  for (const { fragment, coveredBy } of shadowed) {
    const start = startOf(fragment, selector)
    const [first, last] = [coveredBy[0], coveredBy.at(-1)].map((needed) => (needed ? startOf(needed, selector) : start))
    // A part that begins here has the fragment in its range, and the first that is needed to leave it out starts before that.
    for (let index = firstAt(startsMs, (first ?? start) + 1); index < fragments.length && startAt(index) <= start + 1; index++) {
      if (index > 0) canBegin[index] = false
    }
    // A part that ends before this one has the fragment in its range, and the last that is needed starts after that.
    for (let index = firstAt(startsMs, last ?? start); index > 0 && startAt(index - 1) >= start - 1; index--) {
      if (index < fragments.length) canBegin[index] = false
    }
  }
  return canBegin
}

/** Index of the first start at the instant or later. */
function firstAt(startsMs: readonly number[], instantMs: EpochMs): number {
  let [low, high] = [0, startsMs.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((startsMs[middle] ?? 0) < instantMs) low = middle + 1
    else high = middle
  }
  return low
}

function toPart(fragments: readonly ListedFragment[], selector: FragmentSelectorType, range: TimeRange): PlannedPart {
  return { range: toPartRange(fragments, selector, range), fragments, sizeBytes: sumBytes(fragments) }
}

/** From the first start to the last. An end must be later than its start: one start alone takes the next millisecond in, or the one before at the end of the range. */
export function toPartRange(fragments: readonly ListedFragment[], selector: FragmentSelectorType, range: TimeRange): TimeRange {
  const [first, last] = [fragments[0], fragments.at(-1)]
  const startMs = first ? startOf(first, selector) : range.startMs
  const endMs = last ? startOf(last, selector) : range.endMs
  if (endMs > startMs) return { startMs, endMs }
  return startMs + 1 <= range.endMs ? { startMs, endMs: startMs + 1 } : { startMs: startMs - 1, endMs: startMs }
}

function toInseparable(
  fragments: readonly ListedFragment[],
  { first, next, limit, selector }: { first: number; next: number; limit: Inseparable['limit']; selector: FragmentSelectorType },
): Inseparable {
  const starts = [fragments[first], fragments[next]].map((fragment) => (fragment ? startOf(fragment, selector) : 0))
  return { limit, range: { startMs: Math.min(...starts), endMs: Math.max(...starts) } }
}

export function sumBytes(fragments: readonly ListedFragment[]): number {
  return fragments.reduce((sum, fragment) => sum + fragment.sizeBytes, 0)
}
