import type { Edit, MovieTrack } from '../movie.js'
import { sortTimes } from '../tables/decode-order.js'
import { lastDuration, placementOf, presentationTicks } from '../tables/presentation.js'

/**
 * The same presentation with the first sample decoded when the first is shown, and no edit list to take the delay of B-frames back: hls.js
 * reads none, and takes a fragment to last that much longer, which was a hole at each discontinuity. The samples that should be decoded
 * before share the time until the first that need not be; from there on decode times are what they were. The last sample lasts as long as
 * it did, so that decoding ends before showing does: stretched to the end of the fragment it makes players stall again.
 */
export function decodeWhenShown(track: MovieTrack): MovieTrack {
  const { samples } = track
  if (samples.compositionOffsets === null || samples.count === 0) return track
  const shown = presentationTicks(track)
  const decoded = decodeTimes(shown)
  const durations = Uint32Array.from(decoded, (ticks, index) => (decoded[index + 1] ?? ticks + lastDuration(samples)) - ticks)
  const compositionOffsets = Uint32Array.from(decoded, (ticks, index) => (shown[index] ?? 0) - ticks)
  return { ...track, samples: { ...samples, durations, compositionOffsets }, edits: editsOf(track) }
}

/** `shown` in decode order. */
function decodeTimes(shown: Float64Array): Float64Array {
  const sorted = sortTimes(shown)
  const first = sorted[0] ?? 0
  const delay = sorted.reduce((most, ticks, index) => Math.max(most, ticks - (shown[index] ?? 0)), 0)
  const decoded = sorted.map((ticks) => ticks - delay)
  const later = decoded.findIndex((ticks) => ticks > first)
  const spread = later < 0 ? decoded.length : later
  const room = (decoded[spread] ?? first) - first
  for (let index = 0; index < spread; index += 1) decoded[index] = first + Math.floor((index * room) / spread)
  return keepInOrder(decoded, shown)
}

/** No sample is shown before it is decoded, nor decoded with the next, but where there are fewer ticks than samples. */
function keepInOrder(decoded: Float64Array, shown: Float64Array): Float64Array {
  const first = decoded[0] ?? 0
  let latest = Number.POSITIVE_INFINITY
  for (let index = decoded.length - 1; index >= 0; index -= 1) {
    latest = Math.min(latest, shown[index] ?? latest)
    const ticks = Math.min(decoded[index] ?? first, latest)
    decoded[index] = Math.max(first, ticks)
    latest = ticks - 1
  }
  return decoded
}

function editsOf(track: MovieTrack): Edit[] {
  const { delayMs, shownMs } = placementOf(track)
  if (delayMs === 0) return []
  return [
    { durationMs: delayMs, mediaTime: -1 },
    { durationMs: shownMs, mediaTime: 0 },
  ]
}
