import { ROWS_PER_STEP, type Steps } from '../../steps.js'
import type { MovieTrack, SampleColumns } from '../movie.js'
import type { PackedTrack, TimedSamples } from '../packed-movie.js'
import { MOVIE_TIMESCALE } from '../write/movie-boxes.js'
import { readRows, totalTicks } from './runs.js'

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

export function placementOf(track: TimedSamples): Placement {
  const { edits, timescale } = track
  const shown = edits.find(({ mediaTime }) => mediaTime >= 0)
  const delayMs = edits.reduce((total, edit) => total + (edit.mediaTime < 0 ? edit.durationMs : 0), 0)
  const mediaTime = shown?.mediaTime ?? 0
  const shownMs = shown?.durationMs ?? toMs(totalTicks(track.samples), timescale)
  return { delayMs, mediaTime, shownMs, originTicks: toTicks(delayMs, timescale) - mediaTime }
}

/** Goes from sample to sample in decode order and tells its times, in ticks from the movie's start. Before the first `next` it stands at none. */
export class SampleClock {
  decodeTicks = Number.NaN
  shownTicks = Number.NaN
  private nextDecodeTicks: number
  private readonly nextDuration: () => number
  private readonly nextOffset: () => number

  constructor(track: TimedSamples) {
    this.nextDecodeTicks = placementOf(track).originTicks
    this.nextDuration = readRows(track.samples.durations)
    this.nextOffset = readRows(track.samples.compositionOffsets ?? 0)
  }

  next(): void {
    this.decodeTicks = this.nextDecodeTicks
    this.shownTicks = this.decodeTicks + this.nextOffset()
    this.nextDecodeTicks += this.nextDuration()
  }
}

/**
 * When each sample is shown, in ticks from the movie's start, in decode order. Hidden samples included: their times lie outside the
 * edit.
 */
export function presentationTicks(track: TimedSamples): Float64Array {
  const times = new Float64Array(track.samples.count)
  const clock = new SampleClock(track)
  for (let index = 0; index < times.length; index += 1) {
    clock.next()
    times[index] = clock.shownTicks
  }
  return times
}

/** When the sync samples of the video are shown, in milliseconds from the movie's start, in decode order. */
export function keyFrameTimesMs(track: MovieTrack, times = presentationTicks(track)): Float64Array {
  const { syncs } = track.samples
  if (syncs === null) return allToMs(times.slice(), track.timescale)
  let found = 0
  const keys = new Float64Array(times.length)
  for (let index = 0; index < times.length; index += 1) if (syncs[index] !== 0) keys[found++] = times[index] ?? 0
  return allToMs(keys.slice(0, found), track.timescale)
}

/** The same of a packed track. */
export function* packedKeyFrameTimesMs(track: PackedTrack): Steps<Float64Array> {
  const { pieces, timescale } = track
  const times = new Float64Array(pieces.reduce((total, { keys, count }) => total + (keys?.length ?? count), 0))
  const clock = new SampleClock(track)
  let found = 0
  for (const { count, keys } of pieces) {
    let key = 0
    for (let index = 0; index < count; index += 1) {
      if (index % ROWS_PER_STEP === ROWS_PER_STEP - 1) yield
      clock.next()
      if (keys !== null && keys[key] !== index) continue
      times[found] = toMs(clock.shownTicks, timescale)
      found += 1
      key += 1
    }
    yield
  }
  return times
}

/** Ticks the last sample lasts; where a muxer wrote 0 for want of a next sample, as long as the one before. */
export function lastDuration({ count, durations }: Pick<SampleColumns, 'count' | 'durations'>): number {
  if (count === 0) return 0
  if (typeof durations === 'number') return durations
  if (durations instanceof Uint32Array) return durations.at(-1) || (durations.at(-2) ?? 0)
  const { counts, values } = durations
  const isAlone = counts.at(-1) === 1
  return values.at(-1) || (isAlone ? (values.at(-2) ?? 0) : 0)
}

/** `ticks` itself, turned into milliseconds; not rounded. */
export function allToMs(ticks: Float64Array, timescale: number): Float64Array {
  for (let index = 0; index < ticks.length; index += 1) ticks[index] = toMs(ticks[index] ?? 0, timescale)
  return ticks
}

/** Not rounded. */
export function toMs(ticks: number, timescale: number): number {
  return (ticks * MOVIE_TIMESCALE) / timescale
}

/** Rounded: a tick is the smallest thing there is. */
export function toTicks(ms: number, timescale: number): number {
  return Math.round((ms * timescale) / MOVIE_TIMESCALE)
}
