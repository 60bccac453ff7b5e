import { at } from '../lib/at.js'
import type { EpochMs } from '../lib/clock.js'
import type { ClipIssue } from './clip-issue.js'
import { bytesText, instantText, toError, toWarning } from './clip-issue-text.js'
import { PART_LIMITS, type Packing, packFragments, sumBytes, toPartRange } from './clip-packing.js'
import type { ClipRequest } from './clip-request.js'
import type { FragmentSelection } from './fragment-selection.js'
import { KVS_LIMITS } from './limits.js'
import { type ListedFragment, startOf } from './listed-fragment.js'
import type { FragmentSelectorType, TimeRange } from './time-range.js'

type Requested = Pick<ClipRequest, 'fragmentSelectorType' | 'range' | 'cut' | 'overflow'>

/** An issue lists at most this many ranges. */
const MAX_RANGES = 300

export function limitIssues(requested: Requested, { selection, packing }: { selection: FragmentSelection; packing: Packing }): ClipIssue[] {
  const { parts, inseparable } = packing
  if (inseparable !== null && (requested.overflow !== 'TRUNCATE' || parts.length === 0)) return [inseparableIssue(inseparable)]
  if (requested.overflow === 'JOIN' || (parts.length <= 1 && inseparable === null)) return []
  const found = exceeded(selection.fragments)
  if (requested.overflow === 'TRUNCATE') return truncatedIssues(requested, { found, selection, taken: at(parts, 0).fragments.length })
  const hint = 'Request the ranges one by one, or use overflow JOIN.'
  const details = { path: ['overflow'], hint, ranges: parts.map((part) => part.range).slice(0, MAX_RANGES) }
  return found.map(({ code, what }) => toError(code, `The range has ${what}. overflow is REFUSE.`, details))
}

/** The omitted fragments are one range, because parts begin only where a range can begin. */
function truncatedIssues(
  { fragmentSelectorType: selector, range, cut }: Requested,
  { found, selection, taken }: { readonly found: readonly Exceeded[]; readonly selection: FragmentSelection; readonly taken: number },
): ClipIssue[] {
  const left = selection.fragments.slice(taken)
  const { startMs, endMs } = toPartRange(left, selector, range)
  // With an exact cut, a range that ends with the start of the last fragment would show only its first frame.
  const leftOut = { startMs, endMs: cut === 'EXACT' ? range.endMs : lastStart(endMs, selection, selector) }
  const outcome = `The clip has the first ${taken} and omits ${left.length}, from ${instantText(startMs)} on`
  const details = { path: ['overflow'], hint: 'Request the omitted range too, or use overflow JOIN.', ranges: [leftOut] }
  return found.map(({ code, what }) => toWarning(code, `The range has ${what}. ${outcome}.`, details))
}

/** A shadowed fragment may be needed to recognize others as shadowed, so the range includes it. */
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
    what: `${bytesText(bytes)}, but one GetClip call safely returns ${bytesText(maxBytes)} (its limit is ${bytesText(KVS_LIMITS.maxBytesPerGetClip)})`,
  }
  const byCount = {
    code: 'FRAGMENT_LIMIT_EXCEEDED' as const,
    what: `${fragments.length} fragments, but one GetClip call returns ${maxFragments}`,
  }
  if (fragments.length <= maxFragments) return [bySize]
  return bytes > maxBytes ? [byCount, bySize] : [byCount]
}

function inseparableIssue({ limit, range }: { limit: 'fragments' | 'bytes'; range: TimeRange }): ClipIssue {
  const at = `between ${instantText(range.startMs)} and ${instantText(range.endMs)}`
  const hint = 'Use the other fragmentSelectorType. Its timestamps may differ.'
  const [code, most] =
    limit === 'fragments'
      ? (['FRAGMENT_LIMIT_EXCEEDED', `${PART_LIMITS.maxFragments} fragments`] as const)
      : (['SIZE_LIMIT_EXCEEDED', bytesText(PART_LIMITS.maxBytes)] as const)
  const message = `Fragments ${at} start at the same instant, so no range can separate them. One GetClip call returns at most ${most}.`
  return toError(code, message, { path: ['startTimestamp'], hint, ranges: [range] })
}

/** The clip is larger than CLIP_MAX_BYTES. */
export function tooLargeIssues(
  { fragmentSelectorType: selector, range }: Requested,
  taken: FragmentSelection,
  maxClipBytes: number,
): ClipIssue[] {
  const bytes = sumBytes(taken.fragments)
  if (bytes <= maxClipBytes) return []
  const message = `The clip would have about ${bytesText(bytes)}. The maximum is ${bytesText(maxClipBytes)}.`
  const limits = { maxFragments: Number.POSITIVE_INFINITY, maxBytes: maxClipBytes }
  const { parts } = packFragments({ selection: taken, selector, range, limits })
  const ranges = parts.map((part) => part.range).slice(0, MAX_RANGES)
  const hint = ranges.length === 0 ? null : 'Request the ranges one by one.'
  return [toError('CLIP_TOO_LARGE', message, { path: ['endTimestamp'], hint, ranges })]
}
