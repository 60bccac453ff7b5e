import type { EpochMs } from '../lib/clock.js'
import type { ClipIssue } from './clip-issue.js'
import { durationText, instantText, toError, toWarning } from './clip-issue-text.js'
import type { ClipRequest } from './clip-request.js'
import { KVS_LIMITS } from './limits.js'
import { type ListedFragment, startOf } from './listed-fragment.js'
import type { FragmentSelectorType, TimeRange } from './time-range.js'

type Requested = Pick<ClipRequest, 'fragmentSelectorType' | 'range' | 'cut'>

/** By how much archived reads lag behind ingestion. According to AWS, typically under a second. */
const LISTING_LAG_MS = 1000
/** The assumed length if no fragment is listed. */
const USUAL_FRAGMENT_MS = 2000
/** If the difference between the clocks changes by more within a clip, the server times are wrong. */
const MAX_CLOCK_SPREAD_MS = 1000
const MAX_RANGES = 300

interface Around {
  /** The fragments that start in the range, or before it by at most the maximum length of a fragment. Sorted. */
  readonly around: readonly ListedFragment[]
  readonly frameMs: number
}

/** Footage that may be recorded but is not listed yet. */
export function lateIssues(
  { fragmentSelectorType, range }: Requested,
  { around, frameMs, nowMs }: Around & { readonly nowMs: EpochMs },
): ClipIssue[] {
  const last = around.at(-1)
  if (last && startOf(last, fragmentSelectorType) + last.lengthMs + frameMs >= range.endMs) return []
  const retryAfterMs = untilListedMs(range.endMs, { around, frameMs, nowMs })
  if (retryAfterMs <= 0) return []
  const text = `Footage up to ${instantText(range.endMs)} may not be listed yet. A fragment is listed about a second after it ends, and it is now ${instantText(nowMs)}.`
  const missing = { startMs: last ? startOf(last, fragmentSelectorType) + last.lengthMs : range.startMs, endMs: range.endMs }
  const hint = `Retry in ${durationText(retryAfterMs)} for all of it.`
  return [toWarning('FOOTAGE_NOT_YET_LISTED', text, { path: ['endTimestamp'], hint, ranges: [missing], retryAfterMs })]
}

/** How long until every fragment that starts by `endMs` is listed. 0 or less if all are listed. */
function untilListedMs(endMs: EpochMs, { around, frameMs, nowMs }: Around & { readonly nowMs: EpochMs }): number {
  const longestMs = around.reduce((longest, fragment) => Math.max(longest, fragment.lengthMs), 0)
  const fragmentMs = around.length === 0 ? USUAL_FRAGMENT_MS : Math.min(longestMs + frameMs, KVS_LIMITS.maxFragmentMs)
  return endMs + fragmentMs + LISTING_LAG_MS - nowMs
}

/** With whole fragments, a clip may start or end later than requested. */
export function edgeIssues(
  { fragmentSelectorType: selector, range, cut }: Requested,
  {
    lead,
    fragments,
    frameMs,
  }: { readonly lead: ListedFragment | undefined; readonly fragments: readonly ListedFragment[]; readonly frameMs: number },
): ClipIssue[] {
  const [first, last] = [fragments[0], fragments.at(-1)]
  if (cut === 'EXACT' || !first || !last) return []
  const issues: ClipIssue[] = []
  if (lead) {
    const lateMs = startOf(first, selector) - range.startMs
    const text = `The start is inside the fragment that starts at ${instantText(startOf(lead, selector))}. The clip has whole fragments, so it starts ${durationText(lateMs)} later than requested, at ${instantText(startOf(first, selector))}.`
    const hint = `Start at ${instantText(startOf(lead, selector))} to include that fragment, or use cut EXACT.`
    const ranges = [{ startMs: startOf(lead, selector), endMs: range.endMs }]
    issues.push(toWarning('START_INSIDE_FRAGMENT', text, { path: ['startTimestamp'], hint, ranges }))
  }
  const endMs = startOf(last, selector) + last.lengthMs + frameMs
  if (endMs > range.endMs) {
    const text = `The end is inside the fragment that starts at ${instantText(startOf(last, selector))}. The clip has whole fragments, so it ends ${durationText(endMs - range.endMs)} later than requested, at about ${instantText(endMs)}.`
    issues.push(toWarning('END_INSIDE_FRAGMENT', text, { path: ['endTimestamp'], hint: 'Use cut EXACT to end at endTimestamp.' }))
  }
  return issues
}

export function gapIssues(gaps: readonly TimeRange[]): ClipIssue[] {
  if (gaps.length === 0) return []
  const missingMs = gaps.reduce((sum, gap) => sum + gap.endMs - gap.startMs, 0)
  const [gap] = gaps
  const where =
    gaps.length === 1 && gap ? `from ${instantText(gap.startMs)} to ${instantText(gap.endMs)}` : `in ${gaps.length} parts of the range`
  const text = `There is no footage ${where}: ${durationText(missingMs)} in total.`
  return [toWarning('GAP_IN_RANGE', text, { path: ['startTimestamp'], ranges: gaps.slice(0, MAX_RANGES) })]
}

/** By server time only. Frames play by the clock of the producer, so server times are right only while both clocks run at the same speed. */
export function clockIssues(selector: FragmentSelectorType, fragments: readonly ListedFragment[]): ClipIssue[] {
  if (selector !== 'SERVER_TIMESTAMP') return []
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const { serverTimestampMs, producerTimestampMs } of fragments) {
    least = Math.min(least, serverTimestampMs - producerTimestampMs)
    most = Math.max(most, serverTimestampMs - producerTimestampMs)
  }
  if (!(most - least > MAX_CLOCK_SPREAD_MS)) return []
  const text = `The difference between the clocks of the producer and the server changes by ${durationText(most - least)} within the footage, so times inside the clip may be wrong by as much.`
  const hint = 'Use PRODUCER_TIMESTAMP if the clock of the producer is correct.'
  return [toWarning('CLOCKS_DISAGREE', text, { path: ['fragmentSelectorType'], hint })]
}

interface Absence {
  /** Listed around the range, in any order. */
  readonly nearby: readonly ListedFragment[]
  readonly nowMs: EpochMs
  /** The oldest instant of ingestion that is retained. Null if the stream stores nothing. */
  readonly retainedFromMs: EpochMs | null
}

/**
 * Nothing starts in the range. By producer time a range is never reported as expired. The clock of a producer may be wrong, so footage with an
 * old timestamp may have been ingested today.
 */
export function noFootageIssue(requested: Requested, { nearby, nowMs, retainedFromMs }: Absence): ClipIssue {
  const { fragmentSelectorType: selector, range } = requested
  const sorted = nearby.toSorted((a, b) => startOf(a, selector) - startOf(b, selector))
  const before = sorted.findLast((fragment) => startOf(fragment, selector) < range.startMs)
  const after = sorted.find((fragment) => startOf(fragment, selector) > range.endMs)
  const retryAfterMs = untilListedMs(range.endMs, { around: before ? [before] : [], frameMs: 0, nowMs })
  const span = `between ${instantText(range.startMs)} and ${instantText(range.endMs)} (${selector})`
  const isOld = selector === 'PRODUCER_TIMESTAMP' && retainedFromMs !== null && range.endMs <= retainedFromMs
  const expired = isOld ? ` Footage ingested before ${instantText(retainedFromMs)} has expired.` : ''
  const hint = nearestHint(selector, before, after) + expired
  const details = { path: ['startTimestamp'], hint, ranges: nearestRanges(selector, before, after) }
  if (retryAfterMs > 0 && !after) {
    const text = `No fragment that starts ${span} is listed yet. A fragment is listed about a second after it ends, and it is now ${instantText(nowMs)}.`
    return toError('FOOTAGE_NOT_YET_LISTED', text, { ...details, path: ['endTimestamp'], retryAfterMs })
  }
  return toError('NO_FRAGMENTS', `No fragment starts ${span}.`, details)
}

/**
 * The issues of a clip that was refused after it was planned. If the clip shows nothing because its footage is not listed yet, the error is
 * FOOTAGE_NOT_YET_LISTED.
 */
export function toRefusalIssues(error: ClipIssue, planned: readonly ClipIssue[]): ClipIssue[] {
  const late = planned.find(({ code }) => code === 'FOOTAGE_NOT_YET_LISTED')
  if (error.code !== 'NO_FRAGMENTS' || late === undefined) return [error, ...planned]
  return [{ ...late, severity: 'ERROR' }, ...planned.filter((issue) => issue !== late)]
}

function nearestHint(selector: FragmentSelectorType, before: ListedFragment | undefined, after: ListedFragment | undefined): string {
  const nearest = [
    before ? `the nearest earlier fragment starts at ${instantText(startOf(before, selector))}` : null,
    after ? `the nearest later fragment starts at ${instantText(startOf(after, selector))}` : null,
  ].filter((text) => text !== null)
  if (nearest.length === 0) return 'There is no fragment nearby. Stream.coverage shows where there is footage.'
  const text = nearest.join(', ')
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

function nearestRanges(selector: FragmentSelectorType, ...fragments: readonly (ListedFragment | undefined)[]): TimeRange[] {
  return fragments.flatMap((fragment) => {
    if (!fragment) return []
    const startMs = startOf(fragment, selector)
    return [{ startMs, endMs: startMs + Math.max(1, fragment.lengthMs) }]
  })
}
