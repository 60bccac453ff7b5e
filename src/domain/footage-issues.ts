// What is worth knowing about the footage that a clip is made from. Each is one sentence with the instants it is about.

import type { EpochMs } from '../lib/clock.js'
import type { ClipIssue } from './clip-issue.js'
import { durationText, instantText, toError, toWarning } from './clip-issue-text.js'
import type { ClipRequest } from './clip-request.js'
import { KVS_LIMITS } from './limits.js'
import { type ListedFragment, startOf } from './listed-fragment.js'
import type { FragmentSelectorType, TimeRange } from './time-range.js'

type Asked = Pick<ClipRequest, 'fragmentSelectorType' | 'range' | 'cut'>

/** Archived reads lag behind ingestion by about this much (observed: typically under a second). */
const LISTING_LAG_MS = 1000
/** When nothing is listed there is no fragment to tell how long they are. */
const USUAL_FRAGMENT_MS = 2000
/** The two clocks may differ by this much within a clip before its server times are no longer what its frames say. */
const MAX_CLOCK_SPREAD_MS = 1000
const MAX_RANGES = 300

interface Around {
  /** Sorted; what is listed in the range and one fragment's length before it. */
  readonly around: readonly ListedFragment[]
  readonly frameMs: number
}

/** Footage that was recorded by now but that the archive may not tell of yet. */
export function lateIssues(
  { fragmentSelectorType, range }: Asked,
  { around, frameMs, nowMs }: Around & { readonly nowMs: EpochMs },
): ClipIssue[] {
  const last = around.at(-1)
  if (last && startOf(last, fragmentSelectorType) + last.lengthMs + frameMs >= range.endMs) return []
  const retryAfterMs = untilListedMs(range.endMs, { around, frameMs, nowMs })
  if (retryAfterMs <= 0) return []
  const text = `Footage up to ${instantText(range.endMs)} may not be listed yet, for a fragment is listed about a second after it ends and now is ${instantText(nowMs)}.`
  const missing = { startMs: last ? startOf(last, fragmentSelectorType) + last.lengthMs : range.startMs, endMs: range.endMs }
  const hint = `Ask again in ${durationText(retryAfterMs)} for all of it.`
  return [toWarning('FOOTAGE_NOT_YET_LISTED', text, { path: ['endTimestamp'], hint, ranges: [missing], retryAfterMs })]
}

/** How long until every fragment that starts by `endMs` is listed; 0 or less when they are. */
function untilListedMs(endMs: EpochMs, { around, frameMs, nowMs }: Around & { readonly nowMs: EpochMs }): number {
  const longestMs = around.reduce((longest, fragment) => Math.max(longest, fragment.lengthMs), 0)
  const fragmentMs = around.length === 0 ? USUAL_FRAGMENT_MS : Math.min(longestMs + frameMs, KVS_LIMITS.maxFragmentMs)
  return endMs + fragmentMs + LISTING_LAG_MS - nowMs
}

/** Whole fragments begin and end where they do, not where they were asked to. */
export function edgeIssues(
  { fragmentSelectorType: selector, range, cut }: Asked,
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
    const text = `The start lies inside the fragment that began at ${instantText(startOf(lead, selector))}, and whole fragments are given: the clip begins ${durationText(lateMs)} later than asked, at ${instantText(startOf(first, selector))}.`
    const hint = `Start at ${instantText(startOf(lead, selector))} to have that fragment too, or ask with cut EXACT.`
    const ranges = [{ startMs: startOf(lead, selector), endMs: range.endMs }]
    issues.push(toWarning('START_INSIDE_FRAGMENT', text, { path: ['startTimestamp'], hint, ranges }))
  }
  const endMs = startOf(last, selector) + last.lengthMs + frameMs
  if (endMs > range.endMs) {
    const text = `The end lies inside the fragment that began at ${instantText(startOf(last, selector))}, and whole fragments are given: the clip ends ${durationText(endMs - range.endMs)} later than asked, at about ${instantText(endMs)}.`
    issues.push(toWarning('END_INSIDE_FRAGMENT', text, { path: ['endTimestamp'], hint: 'Ask with cut EXACT to end where asked.' }))
  }
  return issues
}

export function gapIssues(gaps: readonly TimeRange[]): ClipIssue[] {
  if (gaps.length === 0) return []
  const missingMs = gaps.reduce((sum, gap) => sum + gap.endMs - gap.startMs, 0)
  const [gap] = gaps
  const where =
    gaps.length === 1 && gap ? `from ${instantText(gap.startMs)} to ${instantText(gap.endMs)}` : `in ${gaps.length} stretches of the range`
  const text = `There is no footage ${where}, ${durationText(missingMs)} in all.`
  return [toWarning('GAP_IN_RANGE', text, { path: ['startTimestamp'], ranges: gaps.slice(0, MAX_RANGES) })]
}

/** By server time only: frames play by the producer's clock, so times told by the other clock hold only while both go alike. */
export function clockIssues(selector: FragmentSelectorType, fragments: readonly ListedFragment[]): ClipIssue[] {
  if (selector !== 'SERVER_TIMESTAMP') return []
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const { serverTimestampMs, producerTimestampMs } of fragments) {
    least = Math.min(least, serverTimestampMs - producerTimestampMs)
    most = Math.max(most, serverTimestampMs - producerTimestampMs)
  }
  if (!(most - least > MAX_CLOCK_SPREAD_MS)) return []
  const text = `The producer's clock and the server's differ by ${durationText(most - least)} more at one end of the footage than at another, so times inside the clip may be off by as much.`
  const hint = 'Ask with PRODUCER_TIMESTAMP when the producer keeps its clock.'
  return [toWarning('CLOCKS_DISAGREE', text, { path: ['fragmentSelectorType'], hint })]
}

interface Absence {
  /** What is listed some way around the range, in any order. */
  readonly nearby: readonly ListedFragment[]
  readonly nowMs: EpochMs
  /** What came in before this is no longer kept. */
  readonly keptFromMs: EpochMs
}

/**
 * Nothing starts in the range. A range of the producer's clock is never called expired: that clock may be any, so footage of long ago may
 * have come in today, and what is not listed may never have been.
 */
export function noFootageIssue(asked: Asked, { nearby, nowMs, keptFromMs }: Absence): ClipIssue {
  const { fragmentSelectorType: selector, range } = asked
  const sorted = nearby.toSorted((a, b) => startOf(a, selector) - startOf(b, selector))
  const before = sorted.findLast((fragment) => startOf(fragment, selector) < range.startMs)
  const after = sorted.find((fragment) => startOf(fragment, selector) > range.endMs)
  const retryAfterMs = untilListedMs(range.endMs, { around: before ? [before] : [], frameMs: 0, nowMs })
  const span = `between ${instantText(range.startMs)} and ${instantText(range.endMs)} (${selector})`
  const isOld = selector === 'PRODUCER_TIMESTAMP' && range.endMs <= keptFromMs
  const kept = isOld ? ` What came in before ${instantText(keptFromMs)} is no longer kept.` : ''
  const hint = nearestHint(selector, before, after) + kept
  const details = { path: ['startTimestamp'], hint, ranges: nearestRanges(selector, before, after) }
  if (retryAfterMs > 0 && !after) {
    const text = `No fragment that starts ${span} is listed yet; one is listed about a second after it ends, and now is ${instantText(nowMs)}.`
    return toError('FOOTAGE_NOT_YET_LISTED', text, { ...details, path: ['endTimestamp'], retryAfterMs })
  }
  return toError('NO_FRAGMENTS', `No fragment starts ${span}.`, details)
}

/** The issues of a clip that was refused after it was planned. If it shows nothing because its footage is not listed yet, that is the error. */
export function toRefusalIssues(error: ClipIssue, planned: readonly ClipIssue[]): ClipIssue[] {
  const late = planned.find(({ code }) => code === 'FOOTAGE_NOT_YET_LISTED')
  if (error.code !== 'NO_FRAGMENTS' || late === undefined) return [error, ...planned]
  return [{ ...late, severity: 'ERROR' }, ...planned.filter((issue) => issue !== late)]
}

function nearestHint(selector: FragmentSelectorType, before: ListedFragment | undefined, after: ListedFragment | undefined): string {
  const told = [
    before ? `the nearest fragment before it starts at ${instantText(startOf(before, selector))}` : null,
    after ? `the nearest after it starts at ${instantText(startOf(after, selector))}` : null,
  ].filter((text) => text !== null)
  if (told.length === 0) return 'There is none nearby. Stream.coverage shows where there is footage.'
  const text = told.join(', ')
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

function nearestRanges(selector: FragmentSelectorType, ...fragments: readonly (ListedFragment | undefined)[]): TimeRange[] {
  return fragments.flatMap((fragment) => {
    if (!fragment) return []
    const startMs = startOf(fragment, selector)
    return [{ startMs, endMs: startMs + Math.max(1, fragment.lengthMs) }]
  })
}
