import { type MovieTrack, toEdits } from '../movie.js'
import { rowAt } from '../tables/columns.js'
import { lastDuration, placementOf, presentationTicks, sortTimes } from '../tables/presentation.js'
import { toRuns } from '../tables/runs.js'

/**
 * The same presentation, decoded from its first presentation time on, without an edit list for the delay of B-frames. hls.js ignores edit
 * lists and takes a fragment to last longer by the delay, which left a hole at each discontinuity. Samples that should be decoded earlier
 * share the time up to the first one that need not be; the decoding times after that do not change. The last sample keeps its duration, so
 * decoding ends before the presentation does. Players stall if it is stretched to the end of the fragment.
 */
export function decodeWhenShown(track: MovieTrack): MovieTrack {
  const { samples } = track
  if (samples.compositionOffsets === null || samples.count === 0) return track
  const shown = presentationTicks(track)
  const decoded = toDecodeTimes(shown)
  const last = lastDuration(samples)
  const durations = toRuns(decoded.map((ticks, index) => (index + 1 < decoded.length ? rowAt(decoded, index + 1) - ticks : last)))
  const compositionOffsets = toRuns(decoded.map((ticks, index) => rowAt(shown, index) - ticks))
  const { delayMs, shownMs } = placementOf(track)
  const edits = delayMs === 0 ? [] : toEdits(delayMs, { durationMs: shownMs, mediaTime: 0 })
  return { ...track, samples: { ...samples, durations, compositionOffsets }, edits }
}

/** `shown` is in decoding order and not empty. */
function toDecodeTimes(shown: Float64Array): Float64Array {
  const sorted = sortTimes(shown)
  const first = rowAt(sorted, 0)
  const delay = sorted.reduce((most, ticks, index) => Math.max(most, ticks - rowAt(shown, index)), 0)
  const decoded = sorted.map((ticks) => ticks - delay)
  const later = decoded.findIndex((ticks) => ticks > first)
  const spread = later < 0 ? decoded.length : later
  const room = later < 0 ? 0 : rowAt(decoded, later) - first
  for (let index = 0; index < spread; index += 1) decoded[index] = first + Math.floor((index * room) / spread)
  return keepInOrder(decoded, shown)
}

/** Each sample is decoded no later than it is shown, and before the next one unless there are fewer ticks than samples. */
function keepInOrder(decoded: Float64Array, shown: Float64Array): Float64Array {
  const first = rowAt(decoded, 0)
  let latest = Number.POSITIVE_INFINITY
  for (let index = decoded.length - 1; index >= 0; index -= 1) {
    latest = Math.min(latest, rowAt(shown, index))
    const ticks = Math.min(rowAt(decoded, index), latest)
    decoded[index] = Math.max(first, ticks)
    latest = ticks - 1
  }
  return decoded
}
