// The contents of a clip, computed from the listed fragments. `validateClip` shows the plan and `requestClip` executes it.

import { at } from '../lib/at.js'
import type { EpochMs } from '../lib/clock.js'
import type { ClipPlanSummary } from './clip.js'
import type { ClipIssue } from './clip-issue.js'
import { type Packing, type PlannedPart, packFragments, sumBytes } from './clip-packing.js'
import type { ClipRequest } from './clip-request.js'
import { type TimelineEntry, toMediaStarts, toTimeline } from './clip-timeline.js'
import { type Footage, toFootage } from './footage.js'
import { clockIssues, edgeIssues, gapIssues, lateIssues } from './footage-issues.js'
import { findGaps, toSpans } from './footage-spans.js'
import { toFragmentColumns } from './fragment-columns.js'
import { estimateFrameMs, GAP_MS } from './fragment-rests.js'
import { type FragmentSelection, selectFragments } from './fragment-selection.js'
import { limitIssues, tooLargeIssues } from './limit-issues.js'
import { KVS_LIMITS } from './limits.js'
import { type ListedFragment, startOf } from './listed-fragment.js'
import { type FragmentSelectorType, type TimeRange, toEarlier } from './time-range.js'

export type PlanRequest = Pick<ClipRequest, 'fragmentSelectorType' | 'range' | 'cut' | 'overflow'>

export interface ClipPlan extends Pick<ClipPlanSummary, 'estimatedBytes' | 'requested' | 'delivered' | 'truncated' | 'gaps'> {
  /** In playing order. With an exact cut, the first is the fragment that covers the start. */
  readonly fragments: readonly ListedFragment[]
  readonly timeline: readonly TimelineEntry[]
  /** Playing time, estimated from the listing. */
  readonly durationMs: number
  /** GetClip calls, in playing order. */
  readonly parts: readonly PlannedPart[]
  readonly neighbours: ClipNeighbours
}

/** Fragments outside the range that an exact cut may need. */
export interface ClipNeighbours {
  /** Before the first fragment, in playing order. One of them may have the key frame that the first picture needs. */
  readonly before: readonly ListedFragment[]
  /** After the last fragment, in playing order. With open GOPs, or audio that is muxed ahead, they have pictures from before the end. */
  readonly after: readonly ListedFragment[]
}

/** `plan` is null if and only if an issue has severity ERROR. */
export interface PlannedClip {
  readonly plan: ClipPlan | null
  readonly issues: readonly ClipIssue[]
}

export interface PlanningFacts {
  readonly nowMs: EpochMs
  readonly maxClipBytes: number
  /** The result of `toSelection` if it is known. For a day of fragments it takes as long as the rest of a plan. */
  readonly selection?: FragmentSelection
}

/** The range to list for a plan. The fragment that covers the start began at most the maximum length of a fragment before it. */
export function toListingRange({ startMs, endMs }: TimeRange): TimeRange {
  return { startMs: toEarlier(startMs, KVS_LIMITS.maxFragmentMs), endMs }
}

/** How much footage an exact cut fetches back to the key frame that its first picture needs. */
export const MAX_LOOK_BACK_MS = 60_000

/** The range to list for a clip: `toListingRange`, and for an exact cut what it may need before and after. */
export function toReach({ fragmentSelectorType, range, cut }: Omit<PlanRequest, 'overflow'>, nowMs: EpochMs): TimeRange {
  const { startMs } = toListingRange(range)
  if (cut === 'FRAGMENT') return { startMs, endMs: range.endMs }
  // By server time nothing is later than now, and the service refuses a range that ends later.
  const latestMs = fragmentSelectorType === 'SERVER_TIMESTAMP' ? nowMs - 1 : Number.POSITIVE_INFINITY
  const endMs = Math.max(range.endMs, Math.min(latestMs, range.endMs + KVS_LIMITS.maxFragmentMs))
  return { startMs: toEarlier(startMs, MAX_LOOK_BACK_MS), endMs }
}

/** The fragments of the requested range, and for an exact cut the one that covers its start. */
export function toSelection(
  { fragmentSelectorType: selector, range, cut }: PlanRequest,
  listed: readonly ListedFragment[],
): FragmentSelection {
  if (cut === 'FRAGMENT') return selectFragments(listed, selector, range)
  const all = selectFragments(listed, selector, toListingRange(range))
  const lead = findExactLead(all.fragments, { fragmentSelectorType: selector, range })
  const selection = selectFragments(listed, selector, lead ? { startMs: startOf(lead, selector), endMs: range.endMs } : range)
  if (selection.fragments.length > 0) return selection
  const nearest = findNearest(listed, { fragmentSelectorType: selector, range })
  return nearest ? { fragments: [nearest], shadowed: [] } : selection
}

/** Audio that is muxed ahead makes a fragment begin about this much later than its pictures. */
const SOUND_LEAD_MS = 2000

/**
 * The nearest fragment to a range in which no fragment starts or plays. It may have a picture of the range in three cases: an open GOP stores
 * pictures in the next fragment; a Cluster whose Timestamp is before its first block ends later than listed; with audio that is muxed ahead,
 * a fragment begins after its first pictures. Its media decides.
 */
function findNearest(
  listed: readonly ListedFragment[],
  { fragmentSelectorType: selector, range }: Pick<PlanRequest, 'fragmentSelectorType' | 'range'>,
): ListedFragment | undefined {
  const reach = { startMs: toListingRange(range).startMs, endMs: range.endMs + KVS_LIMITS.maxFragmentMs }
  const { fragments } = selectFragments(listed, selector, reach)
  const before = fragments.findLast((fragment) => startOf(fragment, selector) < range.startMs)
  const after = fragments.find((fragment) => startOf(fragment, selector) > range.endMs)
  if (before && isNear(before, { after, selector, range })) return before
  return after && startOf(after, selector) - range.endMs <= SOUND_LEAD_MS ? after : undefined
}

interface Beside extends Pick<PlanRequest, 'range'> {
  readonly after: ListedFragment | undefined
  readonly selector: FragmentSelectorType
}

function isNear(before: ListedFragment, { after, selector, range }: Beside): boolean {
  const endMs = startOf(before, selector) + before.lengthMs
  const restMs = (after ? startOf(after, selector) : range.startMs) - endMs
  return restMs <= (after ? Math.max(GAP_MS, before.lengthMs) : GAP_MS)
}

/** A fragment was uploaded late if it overlaps the next one by more, in milliseconds, by server time but not by producer time. */
const OVERHANG_MS = 500

interface FragmentStep {
  readonly lengthMs: number
  /** To the start of the next fragment, by the selected clock and by the producer's clock. */
  readonly stepMs: number
  readonly producerStepMs: number
}

/** Whether a fragment was received so late that, by server time, the next one began long before its last frame. */
export function isLateUpload({ lengthMs, stepMs, producerStepMs }: FragmentStep): boolean {
  return lengthMs - stepMs > OVERHANG_MS && producerStepMs - stepMs > OVERHANG_MS
}

/**
 * The first fragment with a frame at or after the start. A fragment may begin with audio before the last frames of the previous one, so several
 * fragments may cover an instant.
 */
function findExactLead(
  sorted: readonly ListedFragment[],
  { fragmentSelectorType: selector, range }: Pick<PlanRequest, 'fragmentSelectorType' | 'range'>,
): ListedFragment | undefined {
  const next = sorted.findIndex((fragment) => startOf(fragment, selector) >= range.startMs)
  let index = next < 0 ? sorted.length : next
  for (; index > 0; index--) {
    const [before, after] = [sorted[index - 1], sorted[index]]
    if (!before || startOf(before, selector) + before.lengthMs < range.startMs) break
    const isCovering = after === undefined || (index === next && startOf(after, selector) > range.startMs)
    if (!isCovering && isLateUpload(toStep(before, after, selector))) break
  }
  const first = sorted[index]
  return first && startOf(first, selector) < range.startMs ? first : undefined
}

function toStep(before: ListedFragment, after: ListedFragment, selector: FragmentSelectorType): FragmentStep {
  const stepMs = startOf(after, selector) - startOf(before, selector)
  return { lengthMs: before.lengthMs, stepMs, producerStepMs: after.producerTimestampMs - before.producerTimestampMs }
}

/** The fragment that began before the start and still plays at the start. */
export function findLead(
  sorted: readonly ListedFragment[],
  { fragmentSelectorType: selector, range }: Pick<PlanRequest, 'fragmentSelectorType' | 'range'>,
  frameMs: number,
): ListedFragment | undefined {
  const index = sorted.findIndex((fragment) => startOf(fragment, selector) >= range.startMs)
  const [before, next] = [sorted.at(index < 0 ? -1 : index - 1), sorted[index]]
  if (index === 0) return undefined
  if (!before || (next && startOf(next, selector) === range.startMs)) return undefined
  return startOf(before, selector) + before.lengthMs + frameMs > range.startMs ? before : undefined
}

/** `listed` has all fragments of `toReach`. `toSelection` must select at least one of them. */
export function planClip(request: PlanRequest, listed: readonly ListedFragment[], facts: PlanningFacts): PlannedClip {
  const { nowMs, maxClipBytes, selection = toSelection(request, listed) } = facts
  const { fragmentSelectorType: selector, range } = request
  const packing = packFragments({ selection, selector, range: toPackedRange(request, selection) })
  const taken = toTakenSelection(selection, toTaken(request, packing))
  const errors = [...limitIssues(request, { selection, packing }), ...tooLargeIssues(request, taken, maxClipBytes)]
  const around = selectFragments(listed, selector, toListingRange(range)).fragments
  const frameMs = estimateFrameMs(toFragmentColumns(around, selector))
  const plan = toPlan(request, { around, packing, frameMs, listed })
  const issues = [
    ...errors,
    ...lateIssues(request, { around, frameMs, nowMs }),
    ...edgeIssues(request, { lead: findLead(around, request, frameMs), fragments: plan.fragments, frameMs }),
    ...gapIssues(plan.gaps),
    ...clockIssues(selector, plan.fragments),
  ]
  return { plan: errors.some(({ severity }) => severity === 'ERROR') ? null : plan, issues }
}

/** An exact cut extends back to the start of its lead. */
function toPackedRange({ fragmentSelectorType, range }: PlanRequest, { fragments: [first] }: FragmentSelection): TimeRange {
  return { startMs: Math.min(range.startMs, first ? startOf(first, fragmentSelectorType) : range.startMs), endMs: range.endMs }
}

/** The parts to fetch: only the first if the clip is truncated. */
function toTaken({ overflow }: PlanRequest, { parts }: Packing): readonly PlannedPart[] {
  return overflow === 'TRUNCATE' ? parts.slice(0, 1) : parts
}

function toTakenSelection({ shadowed }: FragmentSelection, parts: readonly PlannedPart[]): FragmentSelection {
  const [first, last] = [parts[0], parts.at(-1)]
  const isTaken = ({ producerTimestampMs }: ListedFragment) =>
    first !== undefined && last !== undefined && producerTimestampMs >= first.range.startMs && producerTimestampMs <= last.range.endMs
  return {
    fragments: parts.flatMap((part) => part.fragments),
    shadowed: shadowed.filter(({ fragment, coveredBy }) => isTaken(fragment) && coveredBy.every(isTaken)),
  }
}

interface PlanMaterial {
  readonly listed: readonly ListedFragment[]
  readonly around: readonly ListedFragment[]
  readonly packing: Packing
  readonly frameMs: number
}

function toPlan(request: PlanRequest, { listed, around, packing, frameMs }: PlanMaterial): ClipPlan {
  const { fragmentSelectorType: selector, range } = request
  const parts = toTaken(request, packing)
  const fragments = parts.flatMap((part) => part.fragments)
  const truncated = parts.length < packing.parts.length || packing.inseparable !== null
  const spans = toSpans(footageOf(fragments, selector))
  const footage = { startMs: spans[0]?.range.startMs ?? range.startMs, endMs: spans.at(-1)?.range.endMs ?? range.endMs }
  const delivered = request.cut === 'EXACT' ? intersect(footage, range) : footage
  const mediaStarts = toMediaStarts(fragments, frameMs)
  const mediaMs =
    fragments.length === 0 ? 0 : at(mediaStarts, fragments.length - 1) + at(fragments, fragments.length - 1).lengthMs + frameMs
  const hiddenMs = delivered.startMs - footage.startMs + (footage.endMs - delivered.endMs)
  // Truncated footage is not a gap. It has its own issue.
  const covered = { startMs: range.startMs, endMs: truncated ? Math.min(range.endMs, delivered.endMs) : range.endMs }
  return {
    fragments,
    estimatedBytes: sumBytes(fragments),
    requested: range,
    delivered,
    truncated,
    gaps: findGaps(footageOf(around, selector), covered),
    timeline: toTimeline(spans, mediaStarts, delivered),
    durationMs: Math.max(0, mediaMs - hiddenMs),
    parts,
    neighbours:
      request.cut === 'EXACT'
        ? toNeighbours(request, { listed, first: fragments[0], last: fragments.at(-1), truncated })
        : { before: [], after: [] },
  }
}

function footageOf(sorted: readonly ListedFragment[], selector: FragmentSelectorType): Footage {
  return toFootage(toFragmentColumns(sorted, selector), GAP_MS)
}

interface Surroundings {
  readonly listed: readonly ListedFragment[]
  readonly first: ListedFragment | undefined
  readonly last: ListedFragment | undefined
  readonly truncated: boolean
}

function toNeighbours(
  { fragmentSelectorType: selector, range }: PlanRequest,
  { listed, first, last, truncated }: Surroundings,
): ClipNeighbours {
  const from = toEarlier(toListingRange(range).startMs, MAX_LOOK_BACK_MS)
  const before = first ? selectFragments(listed, selector, { startMs: from, endMs: startOf(first, selector) - 1 }).fragments : []
  // The last fragment may start after the range, because its timestamp is not that of its earliest picture.
  const endMs = last ? Math.max(range.endMs, startOf(last, selector)) : range.endMs
  const behind = { startMs: endMs + 1, endMs: range.endMs + KVS_LIMITS.maxFragmentMs }
  // A truncated clip ends with its last fragment.
  const after = truncated ? [] : selectFragments(listed, selector, behind).fragments
  return { before, after }
}

function intersect(a: TimeRange, b: TimeRange): TimeRange {
  const startMs = Math.max(a.startMs, b.startMs)
  return { startMs, endMs: Math.max(startMs, Math.min(a.endMs, b.endMs)) }
}

export function toPlanSummary(plan: ClipPlan): ClipPlanSummary {
  const { estimatedBytes, requested, delivered, truncated, gaps } = plan
  return { fragmentCount: plan.fragments.length, estimatedBytes, requested, delivered, truncated, gaps, parts: plan.parts.length }
}
