import type { EpochMs } from '../lib/clock.js'
import type { ClipIssue } from './clip-issue.js'
import { durationText, instantText, toError, toWarning } from './clip-issue-text.js'
import { MAX_LOOK_BACK_MS } from './clip-plan.js'
import type { ClipRequest } from './clip-request.js'
import type { TimeRange } from './time-range.js'

type Requested = Pick<ClipRequest, 'range' | 'cut'>

const PATH = ['startTimestamp']

/** The fragments start without a key frame. `keyMs` is the instant at which their first key frame is shown. */
export function hiddenStartIssue({ range }: Requested, keyMs: EpochMs): ClipIssue {
  const text = `The first fragment does not start with a key frame. No picture before ${instantText(keyMs)} can be decoded, so the clip starts there and hides the earlier pictures.`
  const hint = 'Use cut EXACT, which fetches back to the key frame that the first picture needs.'
  return toWarning('STARTS_WITHOUT_KEY_FRAME', text, { path: PATH, hint, ranges: toRanges(range, keyMs) })
}

/** The clip starts at the I-frame of an open GOP because no IDR picture is near. */
export function openGopStartIssue({ cut }: Pick<Requested, 'cut'>): ClipIssue {
  const where = cut === 'EXACT' ? `in the ${durationText(MAX_LOOK_BACK_MS)} before the first picture` : 'in the range'
  const text = `There is no IDR picture ${where}. The clip starts at the I-frame of an open GOP, which Chromium does not play. Firefox, VLC and ffmpeg play it.`
  const close = 'configure the encoder to close its GOPs (x264: open-gop=0).'
  const hint =
    cut === 'EXACT' ? `To play it in every browser, ${close}` : `Use cut EXACT, which fetches back to an IDR picture, or ${close}`
  return toWarning('STARTS_WITHOUT_KEY_FRAME', text, { path: PATH, hint })
}

/**
 * No picture at the start can be decoded. `keyMs` is the instant at which the first key frame of the footage is shown, or null if there is
 * none.
 */
export function noKeyFrameIssue({ range, cut }: Requested, keyMs: EpochMs | null): ClipIssue {
  const where = cut === 'EXACT' ? `in the ${durationText(MAX_LOOK_BACK_MS)} before the first picture` : 'in the range'
  const text = `There is no key frame ${where}, so the picture at ${instantText(range.startMs)} cannot be decoded.`
  const hint = hintFor(cut, keyMs)
  return toError('STARTS_WITHOUT_KEY_FRAME', text, { path: PATH, hint, ranges: keyMs === null ? [] : toRanges(range, keyMs) })
}

function hintFor(cut: Requested['cut'], keyMs: EpochMs | null): string {
  if (keyMs !== null) return `Start at ${instantText(keyMs)}, where there is a key frame.`
  if (cut === 'EXACT') return 'Request a longer range, or configure the producer to send key frames more often.'
  return 'Use cut EXACT, which fetches back to the key frame that the first picture needs, or request a longer range.'
}

function toRanges({ endMs }: TimeRange, keyMs: EpochMs): TimeRange[] {
  return endMs > keyMs ? [{ startMs: keyMs, endMs }] : []
}
