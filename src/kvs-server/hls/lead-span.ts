import { at } from '../../lib/at.js'
import type { SampleTable } from '../../media/matroska/sample-table.js'

/** What frames show of the track that leads: the picture, or the sound where there is none. */
export interface LeadSpan {
  /** First frame shown, from the timestamp of the first table. */
  readonly startMs: number
  /** To the end of the last frame, which is as long as the others are on average; to its start where there is only one. */
  readonly durationMs: number
  readonly frames: number
}

interface TimedTable {
  readonly samples: SampleTable
  /** From the timestamp of the first table. */
  readonly offsetMs: number
}

/** Null where the track has no frame in the fragment. */
export function measureLead(samples: SampleTable, trackNumber: number): LeadSpan | null {
  return measureLeads([{ samples, offsetMs: 0 }], trackNumber)
}

/** Null where the track has no frame in any of them. */
export function measureLeads(tables: readonly TimedTable[], trackNumber: number): LeadSpan | null {
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
