// When the pictures of a clip cannot be decoded from its start on.

import type { EpochMs } from '../lib/clock.js'
import type { ClipIssue } from './clip-issue.js'
import { durationText, instantText, toError, toWarning } from './clip-issue-text.js'
import { MAX_LOOK_BACK_MS } from './clip-plan.js'
import type { ClipRequest } from './clip-request.js'
import type { TimeRange } from './time-range.js'

type Asked = Pick<ClipRequest, 'range' | 'cut'>

const PATH = ['startTimestamp']

/** Whole fragments that begin without a key frame. `keyMs`: when their first key frame is shown. */
export function hiddenStartIssue({ range }: Asked, keyMs: EpochMs): ClipIssue {
  const text = `The first fragment does not begin with a key frame, so that no picture before the one at ${instantText(keyMs)} can be decoded: the clip begins there and hides what comes before.`
  const hint = 'Ask with cut EXACT, which fetches back to the key frame that the first picture needs.'
  return toWarning('STARTS_WITHOUT_KEY_FRAME', text, { path: PATH, hint, ranges: toRanges(range, keyMs) })
}

/** The clip begins at the I-frame of an open GOP, because the footage has nothing better within reach. */
export function openGopStartIssue({ cut }: Pick<Asked, 'cut'>): ClipIssue {
  const where = cut === 'EXACT' ? `in the ${durationText(MAX_LOOK_BACK_MS)} before the first picture` : 'in the range'
  const text = `There is no IDR picture ${where}: the clip begins at the I-frame of an open GOP, where Chromium refuses to begin. Firefox, VLC and ffmpeg play it.`
  const close = 'let the encoder close its GOPs (x264: open-gop=0).'
  const hint =
    cut === 'EXACT' ? `To play it in every browser, ${close}` : `Ask with cut EXACT, which fetches back to an IDR picture, or ${close}`
  return toWarning('STARTS_WITHOUT_KEY_FRAME', text, { path: PATH, hint })
}

/** No picture at the start can be decoded. `keyMs`: when the first key frame of the footage is shown; null when there is none. */
export function noKeyFrameIssue({ range, cut }: Asked, keyMs: EpochMs | null): ClipIssue {
  const where = cut === 'EXACT' ? `in the ${durationText(MAX_LOOK_BACK_MS)} before the first picture` : 'in the range'
  const text = `There is no key frame ${where}, so that the picture at ${instantText(range.startMs)} cannot be decoded.`
  const hint = hintFor(cut, keyMs)
  return toError('STARTS_WITHOUT_KEY_FRAME', text, { path: PATH, hint, ranges: keyMs === null ? [] : toRanges(range, keyMs) })
}

function hintFor(cut: Asked['cut'], keyMs: EpochMs | null): string {
  if (keyMs !== null) return `Start at ${instantText(keyMs)}, where there is a key frame.`
  if (cut === 'EXACT') return 'Ask for a longer range, or let the producer send key frames more often.'
  return 'Ask with cut EXACT, which fetches back to the key frame that the first picture needs, or for a longer range.'
}

function toRanges({ endMs }: TimeRange, keyMs: EpochMs): TimeRange[] {
  return endMs > keyMs ? [{ startMs: keyMs, endMs }] : []
}
