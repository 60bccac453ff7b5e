import type { ClipCut } from '../../domain/clip.js'
import { enumType } from '../enum-type.js'

export const ClipCutEnum = enumType<ClipCut>('ClipCut', 'Where a clip starts and ends.', {
  FRAGMENT:
    'Whole fragments that start inside the range: what GetClip gives. Pictures before the first key frame are hidden by an edit list.',
  EXACT:
    'The asked seconds: the first frame shown is the first whose time is at or after startTimestamp, the last is the last at or before endTimestamp. The fragment that covers the start is fetched too, and the fragments before it back to the key frame that the first picture needs; an edit list hides what comes before (it stays in the file). No transcoding.',
})
