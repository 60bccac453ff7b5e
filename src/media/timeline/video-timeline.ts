import { KEY, OPEN_GOP_KEY } from '../matroska/sample-table.js'
import type { Column, Runs } from '../mp4/movie.js'
import { narrow, rowAt } from '../mp4/tables/columns.js'
import { sortTimes } from '../mp4/tables/presentation.js'
import { RunBuilder } from '../mp4/tables/runs.js'
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
  const startMs = rowAt(decodeTimes, 0)
  const durations = new RunBuilder()
  const steps = { last: 0, shortest: Number.POSITIVE_INFINITY }
  let delayMs = Math.max(0, startMs - rowAt(timesMs, 0))
  let decodeTime = startMs
  for (let index = 1; index < count; index += 1) {
    steps.last = rowAt(decodeTimes, index) - decodeTime
    if (steps.last > 0 && steps.last < steps.shortest) steps.shortest = steps.last
    durations.add(1, steps.last)
    decodeTime += steps.last
    delayMs = Math.max(delayMs, decodeTime - rowAt(timesMs, index))
  }
  const lastMs = guessLastDuration(steps, rows)
  durations.add(1, lastMs)
  return {
    timescale: TIMESCALE,
    samples: {
      count,
      durations: durations.build(),
      // Without a delay, no sample is shown before it is decoded. Both have the same times, so each is shown when it is decoded.
      compositionOffsets: delayMs === 0 ? null : findOffsets(rows, decodeTimes, delayMs),
    },
    piece: { count, sizes: rows.sizes, keys: findKeys(rows.keys), chunks: toChunks(rows) },
    startMs,
    durationMs: decodeTime + lastMs - startMs,
    mediaTime: delayMs,
  }
}

/** The step before the last frame, if both are in one fragment: a gap between fragments says nothing about frames. */
function guessLastDuration({ last, shortest }: { readonly last: number; readonly shortest: number }, { count, spans }: TrackRows): number {
  if (last > 0 && spans[count - 1] === spans[count - 2]) return last
  return Number.isFinite(shortest) ? shortest : GUESSED_FRAME_MS
}

function findOffsets({ count, timesMs }: TrackRows, decodeTimes: Float64Array, delayMs: number): Runs {
  const offsets = new RunBuilder()
  for (let index = 0; index < count; index += 1) offsets.add(1, rowAt(timesMs, index) - rowAt(decodeTimes, index) + delayMs)
  return offsets.build()
}

/** Players seek to sync samples. I-frames of open GOPs are used only if there is nothing better. Null if every sample is a sync sample. */
function findKeys(keys: Uint8Array): Column | null {
  const wanted = keys.includes(KEY) ? KEY : OPEN_GOP_KEY
  const found: number[] = []
  for (let index = keys.indexOf(wanted); index >= 0; index = keys.indexOf(wanted, index + 1)) found.push(index)
  return found.length === keys.length ? null : narrow(found)
}
