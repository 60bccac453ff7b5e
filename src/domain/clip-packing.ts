// Assigns the fragments of a clip to GetClip calls. It depends only on the listed fragments, so every gateway packs in the same way.

import { at } from '../lib/at.js'
import { firstAtOrAfter } from './first-at-or-after.js'
import type { FragmentSelection } from './fragment-selection.js'
import { KVS_LIMITS } from './limits.js'
import { type ListedFragment, startOf } from './listed-fragment.js'
import type { FragmentSelectorType, TimeRange } from './time-range.js'

/** One GetClip call. */
export interface PlannedPart {
  /** Selects exactly the fragments of the part. Both ends are inclusive. */
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
 * GetClip counts the bytes of its MP4 and truncates silently, but the listing has the sizes of the stored Matroska. The margin is for sample
 * tables, which take up to 40 bytes a frame: 4 % of frames of 1 kB. Both count fragments exactly.
 */
export const PART_LIMITS: PackingLimits = {
  maxFragments: KVS_LIMITS.maxFragmentsPerGetClip,
  maxBytes: KVS_LIMITS.maxBytesPerGetClip * 0.95,
}

/** Fragments that no range can separate, and that are too many or too large for one call. */
export interface Inseparable {
  readonly limit: 'fragments' | 'bytes'
  readonly range: TimeRange
}

export interface Packing {
  readonly parts: readonly PlannedPart[]
  /** Where the packing stopped. Null if every fragment is in a part. */
  readonly inseparable: Inseparable | null
}

interface PackingInput {
  readonly selection: FragmentSelection
  readonly selector: FragmentSelectorType
  /** The range that selected the fragments. */
  readonly range: TimeRange
  readonly limits?: PackingLimits
}

/** Fills one part after another, in playing order. */
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
    const packed = fragments.slice(first, next)
    parts.push({ range: toPartRange(packed, selector, range), fragments: packed, sizeBytes: sumBytes(packed) })
    first = next
  }
  return { parts: withLeftOut(parts, { selection, selector, isWhole: true }), inseparable: null }
}

interface LeftOutOptions extends Pick<PackingInput, 'selection' | 'selector'> {
  /** Whether the last part is the end of the selection. */
  readonly isWhole: boolean
}

/** A shadowed fragment at either end may show that others are of a newer run, so the range of the call includes it. */
function withLeftOut(parts: readonly PlannedPart[], { selection, selector, isWhole }: LeftOutOptions): PlannedPart[] {
  const leftOutMs = selection.shadowed.map(({ fragment }) => startOf(fragment, selector))
  return parts.map((part, index) => {
    let { startMs, endMs } = part.range
    if (index === 0) startMs = leftOutMs.reduce((least, instantMs) => Math.min(least, instantMs), startMs)
    if (isWhole && index === parts.length - 1) endMs = leftOutMs.reduce((most, instantMs) => Math.max(most, instantMs), endMs)
    return { ...part, range: { startMs, endMs } }
  })
}

/** How far a part that begins at `first` can extend if borders are ignored, and the limit that stops it. */
function fill(
  fragments: readonly ListedFragment[],
  first: number,
  { maxFragments, maxBytes }: PackingLimits,
): { readonly next: number; readonly limit: Inseparable['limit'] } {
  let sizeBytes = 0
  for (let index = first; index < fragments.length; index++) {
    sizeBytes += at(fragments, index).sizeBytes
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
 * Whether a part can begin before each fragment, and at the end of the list. The starts on both sides must be at least 2 ms apart: a range
 * must end after its start, so it includes a neighbor at 1 ms. By producer time, a part must not separate a shadowed fragment from those
 * that cover it.
 */
function findBorders({ fragments, shadowed }: FragmentSelection, selector: FragmentSelectorType): boolean[] {
  const startsMs = fragments.map((fragment) => startOf(fragment, selector))
  const startAt = (index: number) => at(startsMs, index)
  const canBegin = fragments.map((_, index) => index === 0 || startAt(index) - startAt(index - 1) >= 2)
  canBegin.push(true)
  for (const { fragment, coveredBy } of shadowed) {
    const start = startOf(fragment, selector)
    const [first, last] = [coveredBy[0], coveredBy.at(-1)].map((needed) => (needed ? startOf(needed, selector) : start))
    // A part that begins here has the fragment in its range, but not the first one that is needed to recognize it as shadowed.
    for (let index = firstAtOrAfter(startsMs, (first ?? start) + 1); index < fragments.length && startAt(index) <= start + 1; index++) {
      if (index > 0) canBegin[index] = false
    }
    // A part that ends here has the fragment in its range, but not the last one that is needed.
    for (let index = firstAtOrAfter(startsMs, last ?? start); index > 0 && startAt(index - 1) >= start - 1; index--) {
      if (index < fragments.length) canBegin[index] = false
    }
  }
  return canBegin
}

/** From the first start to the last. A range must end after its start, so a single start gets the next millisecond, or the previous one at the end of the range. */
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
  const starts = [first, next].map((index) => startOf(at(fragments, index), selector))
  return { limit, range: { startMs: Math.min(...starts), endMs: Math.max(...starts) } }
}

export function sumBytes(fragments: readonly ListedFragment[]): number {
  return fragments.reduce((sum, fragment) => sum + fragment.sizeBytes, 0)
}
