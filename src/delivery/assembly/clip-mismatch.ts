import type { ClipIssue } from '../../domain/clip-issue.js'
import { instantText, toError } from '../../domain/clip-issue-text.js'
import type { TimeRange } from '../../domain/time-range.js'
import { ClipUnavailable } from '../clip-unavailable.js'
import type { ClipOutline } from './clip-outline.js'

interface Mismatch {
  readonly reason: 'CODEC_CHANGES' | 'JOIN_NOT_POSSIBLE'
  readonly partIndex: number
  readonly message: string
}

/** The footage of a clip does not make one file: an issue when it is found before the answer, a failure after it. */
export class ClipMismatch extends ClipUnavailable {
  readonly issue: ClipIssue

  constructor({ reason, partIndex, message }: Mismatch, outline: ClipOutline) {
    const instantMs = outline.parts[partIndex]?.range.startMs ?? outline.startMs
    const text = `The footage from ${instantText(instantMs)} on cannot be in one file with what is before it: ${message}.`
    super(reason === 'CODEC_CHANGES' ? 'CODEC_CHANGES' : 'KVS_FAILED', text)
    this.issue = toError(reason === 'CODEC_CHANGES' ? 'CODEC_PRIVATE_DATA_CHANGES' : 'JOIN_NOT_POSSIBLE', text, {
      path: ['endTimestamp'],
      hint: 'Ask for the ranges one by one.',
      ranges: toRangesBeside(outline, instantMs),
    })
  }

  static ofEmptyCut(outline: ClipOutline): ClipMismatch {
    return new ClipMismatch({ reason: 'JOIN_NOT_POSSIBLE', partIndex: 0, message: 'no frame is shown in the asked range' }, outline)
  }
}

/** What is before the instant and what is from it on, as far as either can be asked for. */
function toRangesBeside({ spec: { range } }: ClipOutline, instantMs: number): TimeRange[] {
  const borderMs = Math.max(range.startMs, instantMs)
  return [
    { startMs: range.startMs, endMs: borderMs - 1 },
    { startMs: borderMs, endMs: range.endMs },
  ].filter(({ startMs, endMs }) => endMs > startMs)
}
