import { KEY, OPEN_GOP_KEY } from '../matroska/sample-table.js'
import type { Column } from '../mp4/movie.js'
import { narrow, rowAt } from '../mp4/tables/columns.js'
import { sortTimes } from '../mp4/tables/presentation.js'
import { toRuns } from '../mp4/tables/runs.js'
import { type TimedTrack, type TrackRows, toChunks } from './track-rows.js'

/** Times in Matroska are milliseconds. As ticks they stay exact. */
const TIMESCALE = 1000
/** Duration of the only frame of a track: 25 frames per second. */
const GUESSED_FRAME_MS = 40

/**
 * Matroska has presentation times only. The i-th sample is decoded at the i-th smallest of them. Samples that would then be shown before
 * they are decoded need a delay, which is the same for all samples (`ctts` version 0 has no negative offsets), and which the edit list
 * removes.
 */
export function timeVideo(rows: TrackRows): TimedTrack {
  const { count, timesMs } = rows
  const decodeTimes = sortTimes(timesMs)
  const delayMs = decodeTimes.reduce((most, decodeTime, index) => Math.max(most, decodeTime - rowAt(timesMs, index)), 0)
  const [startMs, lastStartMs] = [rowAt(decodeTimes, 0), rowAt(decodeTimes, count - 1)]
  const steps = Array.from(decodeTimes.subarray(1), (decodeTime, index) => decodeTime - rowAt(decodeTimes, index))
  const lastMs = guessLastDuration(steps, rows)
  return {
    timescale: TIMESCALE,
    samples: {
      count,
      durations: toRuns([...steps, lastMs]),
      // Without a delay, no sample is shown before it is decoded. Both have the same times, so each is shown when it is decoded.
      compositionOffsets: delayMs === 0 ? null : toRuns(timesMs.map((timeMs, index) => timeMs - rowAt(decodeTimes, index) + delayMs)),
    },
    piece: { count, sizes: rows.sizes, keys: findKeys(rows.keys), chunks: toChunks(rows) },
    startMs,
    durationMs: lastStartMs + lastMs - startMs,
    mediaTime: delayMs,
  }
}

/** The step before the last frame, if both are in one fragment: a gap between fragments says nothing about frames. */
function guessLastDuration(steps: readonly number[], { count, spans }: TrackRows): number {
  const before = steps.at(-1)
  if (before !== undefined && before > 0 && spans[count - 1] === spans[count - 2]) return before
  const shortest = steps.reduce((least, step) => (step > 0 ? Math.min(least, step) : least), Number.POSITIVE_INFINITY)
  return Number.isFinite(shortest) ? shortest : GUESSED_FRAME_MS
}

/** Players seek to sync samples. I-frames of open GOPs are used only if there is nothing better. Null if every sample is a sync sample. */
function findKeys(keys: Uint8Array): Column | null {
  const wanted = keys.includes(KEY) ? KEY : OPEN_GOP_KEY
  const found: number[] = []
  for (const [index, key] of keys.entries()) if (key === wanted) found.push(index)
  return found.length === keys.length ? null : narrow(found)
}
