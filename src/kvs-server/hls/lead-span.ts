import type { SampleTable } from '../../media/matroska/sample-table.js'

/** What a fragment shows of the track that leads: the picture, or the sound where there is none. */
export interface LeadSpan {
  /** First frame shown, from the fragment's timestamp. */
  readonly startMs: number
  /** To the end of the last frame, which is as long as the others are on average. */
  readonly durationMs: number
  readonly frames: number
}

/** For a track with one frame: 25 a second. */
const GUESSED_FRAME_MS = 40

/** Null where the track has no frame in the fragment. */
export function measureLead({ count, tracks, times }: SampleTable, trackNumber: number): LeadSpan | null {
  let frames = 0
  let first = Number.POSITIVE_INFINITY
  let last = Number.NEGATIVE_INFINITY
  for (let row = 0; row < count; row += 1) {
    if (tracks[row] !== trackNumber) continue
    const time = times[row] ?? 0
    first = Math.min(first, time)
    last = Math.max(last, time)
    frames += 1
  }
  if (frames === 0) return null
  const frameMs = frames > 1 ? Math.max(1, (last - first) / (frames - 1)) : GUESSED_FRAME_MS
  return { startMs: first, durationMs: Math.round(last - first + frameMs), frames }
}
