import { KEY, OPEN_GOP_KEY } from '../matroska/sample-table.js'
import { sortTimes } from '../mp4/tables/decode-order.js'
import type { TimedTrack } from './timed-track.js'
import { chunksOf, type TrackRows } from './track-rows.js'

/** Matroska's times are milliseconds; as ticks they stay exact. */
const TIMESCALE = 1000
/** For a track of a single frame: 25 a second. */
const GUESSED_FRAME_MS = 40

/**
 * Matroska has presentation times only. The i-th sample is decoded at the i-th smallest of them; what is then shown before it is decoded
 * is made up for by the same delay for all (`ctts` version 0 knows no negative offsets), which the edit list takes back.
 */
export function timeVideo(rows: TrackRows): TimedTrack {
  const { count, timesMs } = rows
  const decodeTimes = sortTimes(timesMs)
  const durations = new Uint32Array(count)
  let delayMs = 0
  for (let index = 0; index < count; index += 1) {
    const decodeTime = decodeTimes[index] ?? 0
    durations[index] = (decodeTimes[index + 1] ?? decodeTime) - decodeTime
    delayMs = Math.max(delayMs, decodeTime - (timesMs[index] ?? 0))
  }
  const lastMs = lastDuration(durations, rows)
  durations[count - 1] = lastMs
  const startMs = decodeTimes[0] ?? 0
  return {
    timescale: TIMESCALE,
    samples: {
      count,
      sizes: rows.sizes,
      durations,
      // No delay: each sample is shown no earlier than it is decoded, and the times are the same ones, so they are equal one by one.
      compositionOffsets: delayMs === 0 ? null : compositionOffsets(rows, decodeTimes, delayMs),
      syncs: syncsOf(rows.keys),
    },
    chunks: chunksOf(rows),
    startMs,
    durationMs: (decodeTimes[count - 1] ?? 0) + lastMs - startMs,
    mediaTime: delayMs,
  }
}

/** Players go to a sync sample and begin there: I-frames of open GOPs are good for it only where there is nothing better. */
function syncsOf(keys: Uint8Array): Uint8Array | null {
  if (keys.every((key) => key === KEY)) return null
  const wanted = keys.includes(KEY) ? KEY : OPEN_GOP_KEY
  const syncs = keys.map((key) => (key === wanted ? 1 : 0))
  return syncs.includes(0) ? syncs : null
}

function compositionOffsets({ count, timesMs }: TrackRows, decodeTimes: Float64Array, delayMs: number): Uint32Array {
  const offsets = new Uint32Array(count)
  for (let index = 0; index < count; index += 1) offsets[index] = (timesMs[index] ?? 0) - (decodeTimes[index] ?? 0) + delayMs
  return offsets
}

/** As long as the one before, where both are of one fragment; a hole between them says nothing about frames. */
function lastDuration(durations: Uint32Array, { count, spans }: TrackRows): number {
  const before = durations[count - 2] ?? 0
  if (before > 0 && spans[count - 1] === spans[count - 2]) return before
  const shortest = durations.reduce((least, duration) => (duration > 0 ? Math.min(least, duration) : least), Number.POSITIVE_INFINITY)
  return Number.isFinite(shortest) ? shortest : GUESSED_FRAME_MS
}
