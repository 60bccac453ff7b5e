import type { ClipOverflow } from '../../domain/clip.js'
import { enumType } from '../enum-type.js'

export const ClipOverflowEnum = enumType<ClipOverflow>(
  'ClipOverflow',
  'What to do when the range has more footage than one GetClip call can return.',
  {
    JOIN: 'Several GetClip calls, one MP4.',
    TRUNCATE: 'What GetClip does by itself: the first 200 fragments or 100 MB. The clip says that it is truncated.',
    REFUSE: 'Refused with an issue.',
  },
)
