import type { HlsPlaybackMode } from '../../domain/hls-session.js'
import { enumType } from '../enum-type.js'

export const HlsPlaybackModeEnum = enumType<HlsPlaybackMode>('HlsPlaybackMode', 'The playback mode of an HLS session (PlaybackMode).', {
  LIVE: 'The newest footage, as it arrives.',
  LIVE_REPLAY: 'Archived footage played as if it were live, from the start of the range, in real time.',
  ON_DEMAND: 'All footage of the range, up to 1,000 fragments.',
})
