import { at } from '../../lib/at.js'
import type { SampleTable } from '../../media/matroska/sample-table.js'

/** The time that the frames of the leading track cover. The video track leads, or the audio track if there is no video. */
export interface LeadSpan {
  /** Time of the first shown frame, from the timestamp of the first table. */
  readonly startMs: number
  /** Up to the end of the last frame, which gets the average duration of the others. 0 for a single frame. */
  readonly durationMs: number
  readonly frames: number
}

/** Null if the track has no frame in the fragment. */
export function measureLead(samples: SampleTable, trackNumber: number): LeadSpan | null {
  return measureLeads([{ samples, offsetMs: 0 }], trackNumber)
}

/** `offsetMs` counts from the timestamp of the first table. Null if the track has no frame in any table. */
export function measureLeads(tables: readonly { samples: SampleTable; offsetMs: number }[], trackNumber: number): LeadSpan | null {
  let frames = 0
  let first = Number.POSITIVE_INFINITY
  let last = Number.NEGATIVE_INFINITY
  for (const { samples, offsetMs } of tables) {
    for (let row = 0; row < samples.count; row += 1) {
      if (samples.tracks[row] !== trackNumber) continue
      const time = offsetMs + at(samples.times, row)
      first = Math.min(first, time)
      last = Math.max(last, time)
      frames += 1
    }
  }
  if (frames === 0) return null
  const frameMs = frames > 1 ? Math.max(1, (last - first) / (frames - 1)) : 0
  return { startMs: first, durationMs: Math.round(last - first + frameMs), frames }
}
