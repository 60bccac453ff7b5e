import { MOVIE_TIMESCALE, type MovieTrack, type SampleTimes } from '../movie.js'
import { rowAt } from './columns.js'
import { readRuns, sumRuns } from './runs.js'

/** The part of a track that its times depend on. */
export type TrackTimes = Pick<MovieTrack, 'timescale' | 'edits' | 'samples'>

/** How the edit list of a track places its media: at most one empty edit, then one edit of media at rate 1. */
export interface Placement {
  /** Length of the empty edit, in milliseconds. The media is shown from then on. */
  readonly delayMs: number
  /** Media time of the first instant shown, in ticks. */
  readonly mediaTime: number
  /** How long the media is shown, in milliseconds. */
  readonly shownMs: number
  /** Presentation time of media time 0, in ticks from the start of the movie. Often negative. */
  readonly originTicks: number
}

export function placementOf({ edits, timescale, samples }: TrackTimes): Placement {
  const shown = edits.find(({ mediaTime }) => mediaTime >= 0)
  const delayMs = edits.reduce((total, edit) => total + (edit.mediaTime < 0 ? edit.durationMs : 0), 0)
  const mediaTime = shown === undefined ? 0 : shown.mediaTime
  const shownMs = shown === undefined ? toMs(sumRuns(samples.durations), timescale) : shown.durationMs
  return { delayMs, mediaTime, shownMs, originTicks: toTicks(delayMs, timescale) - mediaTime }
}

/** Duration of the track (`tkhd`, 8.3.2), empty edit included, in whole milliseconds. */
export function durationMsOf({ edits, timescale, samples }: TrackTimes): number {
  if (edits.length > 0) return edits.reduce((total, edit) => total + edit.durationMs, 0)
  return Math.round(toMs(sumRuns(samples.durations), timescale))
}

/**
 * Steps through the samples of a track in decoding order. Times are in ticks from the start of the movie, and NaN before the first `next`.
 * `next` throws RangeError after the last sample.
 */
export class SampleClock {
  decodeTicks = Number.NaN
  shownTicks = Number.NaN
  #nextDecodeTicks: number
  readonly #nextDuration: () => number
  readonly #nextOffset: () => number

  constructor(track: TrackTimes) {
    const { durations, compositionOffsets } = track.samples
    this.#nextDecodeTicks = placementOf(track).originTicks
    this.#nextDuration = readRuns(durations)
    this.#nextOffset = compositionOffsets === null ? () => 0 : readRuns(compositionOffsets)
  }

  next(): void {
    this.decodeTicks = this.#nextDecodeTicks
    this.shownTicks = this.decodeTicks + this.#nextOffset()
    this.#nextDecodeTicks += this.#nextDuration()
  }
}

/**
 * Presentation times of all samples, in decoding order, in ticks from the start of the movie. Samples that the edit list hides are
 * included; their times are outside the edit.
 */
export function presentationTicks(track: TrackTimes): Float64Array {
  const clock = new SampleClock(track)
  const times = new Float64Array(track.samples.count)
  for (let index = 0; index < times.length; index += 1) {
    clock.next()
    times[index] = clock.shownTicks
  }
  return times
}

/**
 * Duration of the last sample, in ticks. If a muxer wrote 0 because no sample follows, the duration of the one before. 0 without samples.
 */
export function lastDuration({ durations: { counts, values } }: Pick<SampleTimes, 'durations'>): number {
  const [last = 0, before = 0] = [values.at(-1), values.at(-2)]
  return last === 0 && counts.at(-1) === 1 ? before : last
}

/** Moves per sample, on average, after which a general sort takes over: many more than codecs reorder. */
const MOVES_PER_SAMPLE = 32

/**
 * Sorts presentation times into decoding times: the i-th sample is decoded at the i-th smallest time. Returns a copy. Codecs reorder
 * locally, so an insertion sort is linear. Other input costs a general sort in addition.
 */
export function sortTimes(times: Float64Array): Float64Array {
  const sorted = times.slice()
  let movesLeft = MOVES_PER_SAMPLE * sorted.length
  for (let index = 1; index < sorted.length; index += 1) {
    const value = rowAt(sorted, index)
    let hole = index
    while (hole > 0 && rowAt(sorted, hole - 1) > value) {
      sorted[hole] = rowAt(sorted, hole - 1)
      hole -= 1
    }
    sorted[hole] = value
    movesLeft -= index - hole
    if (movesLeft < 0) return times.slice().sort()
  }
  return sorted
}

/** Ticks to milliseconds, not rounded. */
export function toMs(ticks: number, timescale: number): number {
  return (ticks * MOVIE_TIMESCALE) / timescale
}

/** Milliseconds to the nearest tick. */
export function toTicks(ms: number, timescale: number): number {
  return Math.round((ms * timescale) / MOVIE_TIMESCALE)
}
