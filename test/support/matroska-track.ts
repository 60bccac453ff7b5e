import { type MatroskaVideo, NO_CROP, NO_DISPLAY } from '../../src/media/matroska/video-track.js'

/** What a track says that says the size of its picture, and possibly something more. */
export function videoOf(width: number, height: number, more: Partial<MatroskaVideo> = {}): MatroskaVideo {
  return { width, height, crop: NO_CROP, display: NO_DISPLAY, rollDegrees: 0, colour: null, ...more }
}

/** What a track without these elements says. */
export const NO_TIMING = { codecDelayNs: 0, frameDurationNs: null } as const
