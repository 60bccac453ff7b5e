// When the footage is more than one GetClip call, or this gateway, gives.

import type { EpochMs } from '../lib/clock.js'
import type { ClipIssue } from './clip-issue.js'
import { bytesText, instantText, toError, toWarning } from './clip-issue-text.js'
import { PART_LIMITS, type Packing, packFragments, sumBytes, toPartRange } from './clip-packing.js'
import type { ClipRequest } from './clip-request.js'
import type { FragmentSelection } from './fragment-selection.js'
import { KVS_LIMITS } from './limits.js'
import { type ListedFragment, startOf } from './listed-fragment.js'
import type { FragmentSelectorType, TimeRange } from './time-range.js'

type Asked = Pick<ClipRequest, 'fragmentSelectorType' | 'range' | 'cut' | 'overflow'>

/** An issue about more ranges than this names the first ones. */
const MAX_RANGES = 300

/** More than one GetClip call can give. */
export function limitIssues(asked: Asked, { selection, packing }: { selection: FragmentSelection; packing: Packing }): ClipIssue[] {
  const { parts, inseparable } = packing
  if (inseparable !== null && (asked.overflow !== 'TRUNCATE' || parts.length === 0)) return [inseparableIssue(inseparable)]
  if (asked.overflow === 'JOIN' || (parts.length <= 1 && inseparable === null)) return []
  const found = exceeded(selection.fragments)
  if (asked.overflow === 'TRUNCATE') return truncatedIssues(asked, { found, selection, taken: parts[0]?.fragments.length ?? 0 })
  const hint = 'Ask for the ranges one by one, or with overflow JOIN.'
  const details = { path: ['overflow'], hint, ranges: parts.map((part) => part.range).slice(0, MAX_RANGES) }
  return found.map(({ code, what }) => toError(code, `The range holds ${what}, and overflow is REFUSE.`, details))
}

/** What is left out is one range, for nothing else lies between its first fragment and its last: parts begin where a range can. */
function truncatedIssues(
  { fragmentSelectorType: selector, range, cut }: Asked,
  { found, selection, taken }: { readonly found: readonly Exceeded[]; readonly selection: FragmentSelection; readonly taken: number },
): ClipIssue[] {
  const left = selection.fragments.slice(taken)
  const { startMs, endMs } = toPartRange(left, selector, range)
  // Cut exactly, the last one would show its first frame alone if the range ended with its start.
  const leftOut = { startMs, endMs: cut === 'EXACT' ? range.endMs : lastStart(endMs, selection, selector) }
  const outcome = `the clip holds the first ${taken} and leaves ${left.length} out (from ${instantText(startMs)} on)`
  const details = { path: ['overflow'], hint: 'Ask for the range that is left out, or with overflow JOIN.', ranges: [leftOut] }
  return found.map(({ code, what }) => toWarning(code, `The range holds ${what}, ${outcome}.`, details))
}

/** What older footage covers may be what shows that it does for others: the range keeps it. */
function lastStart(endMs: EpochMs, { shadowed }: FragmentSelection, selector: FragmentSelectorType): EpochMs {
  return shadowed.reduce((latest, { fragment }) => Math.max(latest, startOf(fragment, selector)), endMs)
}

interface Exceeded {
  readonly code: 'FRAGMENT_LIMIT_EXCEEDED' | 'SIZE_LIMIT_EXCEEDED'
  readonly what: string
}

function exceeded(fragments: readonly ListedFragment[]): Exceeded[] {
  const bytes = sumBytes(fragments)
  const { maxFragments, maxBytes } = PART_LIMITS
  const bySize = {
    code: 'SIZE_LIMIT_EXCEEDED' as const,
    what: `${bytesText(bytes)}, one GetClip call gives ${bytesText(maxBytes)} safely (its limit is ${bytesText(KVS_LIMITS.maxBytesPerGetClip)})`,
  }
  const byCount = {
    code: 'FRAGMENT_LIMIT_EXCEEDED' as const,
    what: `${fragments.length} fragments, one GetClip call gives ${maxFragments}`,
  }
  if (fragments.length <= maxFragments) return [bySize]
  return bytes > maxBytes ? [byCount, bySize] : [byCount]
}

function inseparableIssue({ limit, range }: { limit: 'fragments' | 'bytes'; range: TimeRange }): ClipIssue {
  const at = `between ${instantText(range.startMs)} and ${instantText(range.endMs)}`
  const hint = 'Ask with the other fragmentSelectorType, whose timestamps may tell them apart.'
  const [code, most] =
    limit === 'fragments'
      ? (['FRAGMENT_LIMIT_EXCEEDED', `${PART_LIMITS.maxFragments} fragments`] as const)
      : (['SIZE_LIMIT_EXCEEDED', bytesText(PART_LIMITS.maxBytes)] as const)
  const message = `Fragments ${at} start at the same instant, so no range can part them, and one GetClip call gives at most ${most}.`
  return toError(code, message, { path: ['startTimestamp'], hint, ranges: [range] })
}

/** Larger than this gateway makes. */
export function tooLargeIssues(
  { fragmentSelectorType: selector, range }: Asked,
  taken: FragmentSelection,
  maxClipBytes: number,
): ClipIssue[] {
  const bytes = sumBytes(taken.fragments)
  if (bytes <= maxClipBytes) return []
  const message = `The clip would have about ${bytesText(bytes)}, the largest this gateway makes has ${bytesText(maxClipBytes)}.`
  const limits = { maxFragments: Number.POSITIVE_INFINITY, maxBytes: maxClipBytes }
  const { parts } = packFragments({ selection: taken, selector, range, limits })
  const ranges = parts.map((part) => part.range).slice(0, MAX_RANGES)
  const hint = ranges.length === 0 ? null : 'Ask for the ranges one by one.'
  return [toError('CLIP_TOO_LARGE', message, { path: ['endTimestamp'], hint, ranges })]
}
