import { ROWS_PER_STEP, type Steps } from '../steps.js'
import { sortTimes } from './decode-order.js'
import { joinChunkColumns, joinSampleColumns } from './join-columns.js'
import type { Edit, Movie, MovieTrack } from './movie.js'
import type { PartTiming } from './part-timing.js'
import { lastDuration, placementOf, toMs, toTicks } from './presentation.js'

/** A track on the joined movie's clock, before its edit list: that needs to know where the movie starts. */
export interface JoinedTrack {
  readonly track: MovieTrack
  /** The stretch that is shown, in milliseconds of the joined movie, and the media time at its start. */
  readonly shownFromMs: number
  readonly shownToMs: number
  readonly mediaTime: number
}

/**
 * The video of all parts. Each frame is shown when its part shows it, moved by the part's start; decode times are derived anew for the
 * whole (the i-th frame is decoded at the i-th smallest time, and what that is late for B-frames goes into one shift).
 */
export function* joinVideo(
  movies: readonly Movie[],
  timings: readonly PartTiming[],
  startsMs: readonly number[],
): Steps<JoinedTrack | null> {
  const [first] = timings
  const last = timings.at(-1)
  if (first === undefined || last === undefined) return null
  const { timescale } = first.video
  const columns = yield* joinSampleColumns(timings.map(({ video }) => video))
  const shown = new Float64Array(columns.count)
  const decoded = new Float64Array(columns.count)
  let at = 0
  for (const [part, { ticks }] of timings.entries()) {
    const start = toTicks(startsMs[part] ?? 0, timescale)
    const moved = ticks.map((time) => time + start)
    shown.set(moved, at)
    decoded.set(sortTimes(moved), at)
    at += ticks.length
    yield
  }
  const times = yield* toDecodeTable({ shown, decoded, lastTicks: lastDuration(last.video.samples) })
  if (times === null) return null
  yield
  const chunks = yield* joinChunkColumns(movies, 0)
  const shownFromMs = first.hidesBefore ? placementOf(first.video).delayMs : toMs(decoded[0] ?? 0, timescale)
  const shownToMs = (startsMs.at(-1) ?? 0) + (last.hidesAfter ? editEnd(last.video) : last.endMs)
  return {
    track: {
      ...first.video,
      samples: { ...columns, durations: times.durations, compositionOffsets: times.compositionOffsets },
      chunks,
      edits: [],
    },
    shownFromMs,
    shownToMs,
    mediaTime: times.shift + toTicks(shownFromMs, timescale) - (decoded[0] ?? 0),
  }
}

function editEnd(track: MovieTrack): number {
  const { delayMs, shownMs } = placementOf(track)
  return delayMs + shownMs
}

/** Null when frames lie so far apart that a table cannot say it (2^32 ticks). */
function* toDecodeTable({ shown, decoded, lastTicks }: { shown: Float64Array; decoded: Float64Array; lastTicks: number }): Steps<{
  durations: Uint32Array
  compositionOffsets: Uint32Array | null
  shift: number
} | null> {
  const count = shown.length
  const durations = new Uint32Array(count)
  let shift = 0
  let isReordered = false
  for (let index = 0; index < count; index += 1) {
    const decodeTime = decoded[index] ?? 0
    const late = decodeTime - (shown[index] ?? 0)
    if (late !== 0) isReordered = true
    if (late > shift) shift = late
    const duration = index + 1 < count ? (decoded[index + 1] ?? 0) - decodeTime : lastTicks
    if (duration > 0xffffffff) return null
    durations[index] = duration
    if (index % ROWS_PER_STEP === ROWS_PER_STEP - 1) yield
  }
  if (!isReordered) return { durations, compositionOffsets: null, shift: 0 }
  const compositionOffsets = new Uint32Array(count)
  for (let index = 0; index < count; index += 1) {
    compositionOffsets[index] = (shown[index] ?? 0) + shift - (decoded[index] ?? 0)
    if (index % ROWS_PER_STEP === ROWS_PER_STEP - 1) yield
  }
  return { durations, compositionOffsets, shift }
}

/** One form: an empty edit if the track starts after the movie does, then what is shown; nothing if all of it is shown from the start. */
export function editsOf({ track, shownFromMs, shownToMs, mediaTime }: JoinedTrack, wholeTicks: number): Edit[] {
  const emptyMs = Math.round(shownFromMs)
  const durationMs = Math.max(Math.round(shownToMs) - emptyMs, 0)
  const isWhole = mediaTime === 0 && durationMs === Math.round(toMs(wholeTicks, track.timescale))
  if (emptyMs === 0 && isWhole) return []
  const edit = { durationMs, mediaTime }
  return emptyMs === 0 ? [edit] : [{ durationMs: emptyMs, mediaTime: -1 }, edit]
}
