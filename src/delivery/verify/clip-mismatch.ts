import type { ClipIssue, ClipIssueCode } from '../../domain/clip-issue.js'
import { instantText, toError } from '../../domain/clip-issue-text.js'
import { noKeyFrameIssue } from '../../domain/key-frame-issues.js'
import type { TimeRange } from '../../domain/time-range.js'
import type { EpochMs } from '../../lib/clock.js'
import type { JoinRefusal } from '../../media/mp4/edit/join.js'
import type { ClipOutline } from '../plan/clip-outline.js'
import { ClipUnavailable, type ClipUnavailableDetails } from '../serve/clip-unavailable.js'
import type { ClipSpec } from '../url/clip-spec.js'
import type { CodecChange } from './codec-change.js'

interface Mismatch {
  readonly reason: JoinRefusal
  readonly partIndex: number
  readonly message: string
}

const CODES: Readonly<Record<JoinRefusal, ClipIssueCode>> = {
  TRACKS_CHANGE: 'TRACKS_CHANGE',
  CODEC_CHANGES: 'CODEC_PRIVATE_DATA_CHANGES',
  JOIN_NOT_POSSIBLE: 'JOIN_NOT_POSSIBLE',
}

/** Issue codes that are reported as KVS_FAILED instead of CODEC_CHANGES. */
const UNAVAILABLE: ReadonlySet<ClipIssueCode> = new Set(['JOIN_NOT_POSSIBLE', 'NO_FRAGMENTS', 'STARTS_WITHOUT_KEY_FRAME'])

/** A part that does not match the parts before it. Part 0 either does not match the next part or cannot be laid out. */
export function toPartMismatch(
  { reason, partIndex, message }: Mismatch,
  { parts, spec }: Pick<ClipOutline, 'parts' | 'spec'>,
): ClipUnavailable {
  const isLasting = reason !== 'JOIN_NOT_POSSIBLE'
  const border = parts[Math.max(1, partIndex)]
  if (border === undefined) {
    const [what, hint] = spec.cut === 'EXACT' ? ['cut exactly', 'Use cut FRAGMENT, or request other footage.'] : ['laid out anew', null]
    return toMismatch(toError(CODES[reason], `The footage cannot be ${what}: ${message}.`, { path: ['cut'], hint }), { isLasting })
  }
  const instantMs = border.range.startMs
  const text = partIndex === 0 ? toText('before', instantMs, 'from there on', message) : toText('from', instantMs, 'before it', message)
  return toMismatch(toSplitIssue({ reason, instantMs, spec, text }), { isLasting })
}

export function toChangeMismatch({ reason, instantMs, ranges }: CodecChange, { spec }: ClipOutline, cause: unknown): ClipUnavailable {
  const what = reason === 'TRACKS_CHANGE' ? 'it has other tracks' : 'its codec configuration is another'
  const text = toText('from', instantMs, 'before it', what)
  const issue =
    ranges.length === 0
      ? toSplitIssue({ reason, instantMs, spec, text })
      : toError(CODES[reason], text, { path: ['endTimestamp'], hint: 'Request the ranges one by one.', ranges })
  return toMismatch(issue, { cause })
}

/** The first picture cannot be decoded. `keyMs` is the time of the first key frame, or null if there is none. */
export function toKeyFrameMismatch({ spec }: Pick<ClipOutline, 'spec'>, keyMs: EpochMs | null): ClipUnavailable {
  return toMismatch(noKeyFrameIssue(spec, keyMs))
}

export function toEmptyCutMismatch({ spec: { range }, parts }: Pick<ClipOutline, 'spec' | 'parts'>): ClipUnavailable {
  const listed = toListedRange(parts)
  if (listed !== null && (listed.endMs < range.startMs || listed.startMs > range.endMs)) {
    const text = `No picture is shown between ${instantText(range.startMs)} and ${instantText(range.endMs)}.`
    const hint = `The nearest fragments start between ${instantText(listed.startMs)} and ${instantText(listed.endMs)}.`
    return toMismatch(toError('NO_FRAGMENTS', text, { path: ['startTimestamp'], hint, ranges: [listed] }))
  }
  const text = `No frame is shown between ${instantText(range.startMs)} and ${instantText(range.endMs)}, and an exact cut has no others.`
  const hint = 'Widen the range by a frame or more, or use cut FRAGMENT from the start of the fragment.'
  return toMismatch(toError('JOIN_NOT_POSSIBLE', text, { path: ['endTimestamp'], hint }))
}

function toMismatch(issue: ClipIssue, details: Pick<ClipUnavailableDetails, 'isLasting' | 'cause'> = {}): ClipUnavailable {
  const reason = UNAVAILABLE.has(issue.code) ? 'KVS_FAILED' : 'CODEC_CHANGES'
  return new ClipUnavailable(reason, issue.message, { isLasting: true, ...details, issue })
}

function toListedRange(parts: ClipOutline['parts']): TimeRange | null {
  const [first, last] = [parts[0], parts.at(-1)]
  const [startMs, lastMs] = [first?.startsMs[0], last?.startsMs.at(-1)]
  if (startMs === undefined || lastMs === undefined) return null
  return { startMs, endMs: lastMs + Math.max(1, last?.lengthsMs.at(-1) ?? 1) }
}

function toText(place: 'from' | 'before', instantMs: EpochMs, other: string, why: string): string {
  const footage = place === 'from' ? `from ${instantText(instantMs)} on` : `before ${instantText(instantMs)}`
  return `The footage ${footage} cannot be in one file with what is ${other}: ${why}.`
}

interface Split {
  readonly reason: JoinRefusal
  readonly instantMs: EpochMs
  readonly spec: Pick<ClipSpec, 'range' | 'cut'>
  readonly text: string
}

function toSplitIssue({ reason, instantMs, spec: { range, cut }, text }: Split): ClipIssue {
  if (instantMs <= range.startMs) {
    // Only an exact cut includes footage from before its start. No exact cut from this start avoids the change.
    const hint = cut === 'EXACT' ? `Use cut FRAGMENT from ${instantText(instantMs)}.` : null
    return toError(CODES[reason], text, { path: ['cut'], hint })
  }
  const ranges = toRangesBeside(range, instantMs)
  return toError(CODES[reason], text, { path: ['endTimestamp'], hint: 'Request the ranges one by one.', ranges })
}

/** Splits the range at the instant. Omits empty ranges. */
function toRangesBeside(range: TimeRange, instantMs: EpochMs): TimeRange[] {
  return [
    { startMs: range.startMs, endMs: instantMs - 1 },
    { startMs: instantMs, endMs: range.endMs },
  ].filter(({ startMs, endMs }) => endMs > startMs)
}
