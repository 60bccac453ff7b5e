import type { MovieTrack, SampleColumns } from './movie.js'
import { MOVIE_TIMESCALE } from './movie-boxes.js'
import { totalTicks } from './runs.js'

/** What the edit list of a track does to its media: at most one empty edit, then one stretch at rate 1. */
export interface Placement {
  /** When the stretch begins, in milliseconds of the movie. */
  readonly delayMs: number
  /** Which media time is shown then, in ticks. */
  readonly mediaTime: number
  /** For how long, in milliseconds. */
  readonly shownMs: number
  /** Presentation time, in ticks from the movie's start, of the media time 0. Often negative. */
  readonly originTicks: number
}

export function placementOf(track: MovieTrack): Placement {
  const { edits, timescale } = track
  const shown = edits.find(({ mediaTime }) => mediaTime >= 0)
  const delayMs = edits.reduce((total, edit) => total + (edit.mediaTime < 0 ? edit.durationMs : 0), 0)
  const mediaTime = shown?.mediaTime ?? 0
  const shownMs = shown?.durationMs ?? toMs(totalTicks(track.samples), timescale)
  return { delayMs, mediaTime, shownMs, originTicks: toTicks(delayMs, timescale) - mediaTime }
}

/**
 * When each sample is shown, in ticks from the movie's start, in decode order. Hidden samples included: their times lie outside the
 * edit.
 */
export function presentationTicks(track: MovieTrack): Float64Array {
  const { count, durations, compositionOffsets } = track.samples
  const times = new Float64Array(count)
  let decodeTime = placementOf(track).originTicks
  if (typeof durations !== 'number' && !(durations instanceof Uint32Array)) return runTimes(track.samples, decodeTime)
  for (let index = 0; index < count; index += 1) {
    times[index] = decodeTime + (compositionOffsets?.[index] ?? 0)
    decodeTime += typeof durations === 'number' ? durations : (durations[index] ?? 0)
  }
  return times
}

function runTimes({ count, durations, compositionOffsets }: SampleColumns, origin: number): Float64Array {
  const times = new Float64Array(count)
  if (typeof durations === 'number' || durations instanceof Uint32Array) return times
  let decodeTime = origin
  let index = 0
  durations.counts.forEach((runLength, run) => {
    for (const end = index + runLength; index < end; index += 1) {
      times[index] = decodeTime + (compositionOffsets?.[index] ?? 0)
      decodeTime += durations.values[run] ?? 0
    }
  })
  return times
}

/** When the sync samples of the video are shown, in milliseconds from the movie's start, in decode order. */
export function keyFrameTimesMs(track: MovieTrack, times = presentationTicks(track)): Float64Array {
  const { syncs } = track.samples
  const keys = syncs === null ? times : times.filter((_, index) => syncs[index] !== 0)
  return keys.map((ticks) => toMs(ticks, track.timescale))
}

/** Ticks the last sample lasts; where a muxer wrote 0 for want of a next sample, as long as the one before. */
export function lastDuration({ count, durations }: SampleColumns): number {
  if (count === 0) return 0
  if (typeof durations === 'number') return durations
  const column = durations instanceof Uint32Array ? durations : durations.values
  const last = column.at(-1) ?? 0
  return last > 0 ? last : (column.at(-2) ?? 0)
}

/** Not rounded. */
export function toMs(ticks: number, timescale: number): number {
  return (ticks * MOVIE_TIMESCALE) / timescale
}

/** Rounded: a tick is the smallest thing there is. */
export function toTicks(ms: number, timescale: number): number {
  return Math.round((ms * timescale) / MOVIE_TIMESCALE)
}
