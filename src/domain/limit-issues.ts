// When the footage is more than one GetClip call, or this gateway, gives.

import type { EpochMs } from '../lib/clock.js'
import type { ClipIssue } from './clip-issue.js'
import { bytesText, instantText, toError, toWarning } from './clip-issue-text.js'
import { PART_LIMITS, type Packing, type PlannedPart, sumBytes } from './clip-packing.js'
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
  const isCut = asked.overflow === 'TRUNCATE'
  const left = isCut ? parts.slice(1) : parts
  const ranges = left.map((part) => part.range).slice(0, MAX_RANGES)
  const taken = parts[0]?.fragments.length ?? 0
  const rest = selection.fragments.length - taken
  const outcome = isCut
    ? `the clip holds the first ${taken} and leaves ${rest} out (from ${instantText(ranges[0]?.startMs ?? asked.range.endMs)} on)`
    : 'and overflow is REFUSE'
  const details = {
    path: ['overflow'],
    hint: isCut ? 'Ask for the ranges that are left out, or with overflow JOIN.' : 'Ask for the ranges one by one, or with overflow JOIN.',
    ranges,
  }
  const toIssue = isCut ? toWarning : toError
  return exceeded(selection.fragments).map(({ code, what }) => toIssue(code, `The range holds ${what}, ${outcome}.`, details))
}

function exceeded(fragments: readonly ListedFragment[]): { code: 'FRAGMENT_LIMIT_EXCEEDED' | 'SIZE_LIMIT_EXCEEDED'; what: string }[] {
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
  parts: readonly PlannedPart[],
  { maxClipBytes, selector }: { readonly maxClipBytes: number; readonly selector: FragmentSelectorType },
): ClipIssue[] {
  const fragments = parts.flatMap((part) => part.fragments)
  const bytes = sumBytes(fragments)
  if (bytes <= maxClipBytes) return []
  const message = `The clip would have about ${bytesText(bytes)}, the largest this gateway makes has ${bytesText(maxClipBytes)}.`
  const ranges = toRangesWithin(fragments, maxClipBytes, selector).slice(0, MAX_RANGES)
  return [toError('CLIP_TOO_LARGE', message, { path: ['endTimestamp'], hint: 'Ask for the ranges one by one.', ranges })]
}

function toRangesWithin(fragments: readonly ListedFragment[], maxBytes: number, selector: FragmentSelectorType): TimeRange[] {
  const ranges: TimeRange[] = []
  let bytes = 0
  let startMs: EpochMs | null = null
  let lastMs: EpochMs = 0
  for (const fragment of fragments) {
    const start = startOf(fragment, selector)
    if (startMs !== null && bytes + fragment.sizeBytes > maxBytes && start > startMs + 1) {
      ranges.push({ startMs, endMs: Math.max(lastMs, startMs + 1) })
      startMs = null
    }
    bytes = startMs === null ? fragment.sizeBytes : bytes + fragment.sizeBytes
    startMs ??= start
    lastMs = start
  }
  if (startMs !== null) ranges.push({ startMs, endMs: Math.max(lastMs, startMs + 1) })
  return ranges
}
