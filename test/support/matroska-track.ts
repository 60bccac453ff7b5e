import type { MatroskaVideo } from '../../src/media/matroska/video-track.js'

const NO_CROP: MatroskaVideo['crop'] = { left: 0, right: 0, top: 0, bottom: 0 }
const NO_DISPLAY: MatroskaVideo['display'] = { width: null, height: null, unit: 0 }

/** The Video element of a track with this size, and any additional elements. */
export function videoOf(width: number, height: number, more: Partial<MatroskaVideo> = {}): MatroskaVideo {
  return { width, height, crop: NO_CROP, display: NO_DISPLAY, rollDegrees: 0, colour: null, ...more }
}

/** Values for a track without these elements. */
export const NO_TIMING = { codecDelayNs: 0, frameDurationNs: null } as const
