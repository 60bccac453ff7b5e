import type { HlsPlaybackMode } from '../../domain/hls-session.js'
import { enumType } from '../enum-type.js'

export const HlsPlaybackModeEnum = enumType<HlsPlaybackMode>('HlsPlaybackMode', 'What an HLS session plays (PlaybackMode).', {
  LIVE: 'The newest footage, as it comes.',
  LIVE_REPLAY: 'Footage from the past as if it were live: from the start of the range, in its own time.',
  ON_DEMAND: 'The footage of the range, all at once: up to 1,000 fragments.',
})
