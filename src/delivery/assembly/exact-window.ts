// An exact cut's range in the time of its movie. Each picture has the time of its own fragment's clock: the fragment's timestamp, by either
// clock, and the distance that its Matroska says.

import type { TimeRange } from '../../domain/time-range.js'
import type { PackedTrack } from '../../media/mp4/packed-movie.js'
import { SampleClock, toMs } from '../../media/mp4/presentation.js'
import { ROWS_PER_STEP, type Steps } from '../../media/steps.js'
import { type FragmentPlaces, instantAt } from './fragment-places.js'
import type { LocatedPictures } from './locate-pictures.js'

/** The first picture at or after the start and the last at or before the end, in milliseconds of the movie and by the selector's clock. */
export interface ExactWindow {
  readonly fromMs: number
  readonly toMs: number
  readonly firstInstantMs: number
  readonly lastInstantMs: number
}

export interface WindowOptions {
  readonly places: FragmentPlaces
  readonly located: readonly LocatedPictures[]
  readonly range: TimeRange
}

/** Null when no picture is shown in the range. */
export function* findExactWindow(video: PackedTrack, { places, located, range }: WindowOptions): Steps<ExactWindow | null> {
  const window = {
    fromMs: Number.POSITIVE_INFINITY,
    toMs: Number.NEGATIVE_INFINITY,
    firstInstantMs: range.startMs,
    lastInstantMs: range.endMs,
  }
  const instants = new PictureInstants(places, located)
  const clock = new SampleClock(video)
  for (let sample = 0; sample < video.samples.count; sample += 1) {
    if (sample % ROWS_PER_STEP === ROWS_PER_STEP - 1) yield
    clock.next()
    const movieMs = toMs(clock.shownTicks, video.timescale)
    const instantMs = instants.of(sample, movieMs)
    if (instantMs >= range.startMs && movieMs < window.fromMs) {
      window.fromMs = movieMs
      window.firstInstantMs = instantMs
    }
    if (instantMs <= range.endMs && movieMs > window.toMs) {
      window.toMs = movieMs
      window.lastInstantMs = instantMs
    }
  }
  return window.fromMs <= window.toMs ? window : null
}

/** When pictures are shown by the selector's clock, one after the other in decode order. */
class PictureInstants {
  readonly #places: FragmentPlaces
  readonly #located: readonly LocatedPictures[]
  /** The fragment that was read which holds the picture, or the next one that was read. */
  #at = 0

  constructor(places: FragmentPlaces, located: readonly LocatedPictures[]) {
    this.#places = places
    this.#located = located
  }

  of(sample: number, movieMs: number): number {
    let read = this.#located[this.#at]
    while (read !== undefined && sample >= read.firstSample + read.pictures.timesMs.length) {
      this.#at += 1
      read = this.#located[this.#at]
    }
    const { firstPlace, clockMs } = this.#places
    if (read !== undefined && sample >= read.firstSample) {
      return (clockMs[read.place - firstPlace] ?? 0) + (read.pictures.timesMs[sample - read.firstSample] ?? 0)
    }
    return instantAt(this.#places, this.#rowBetween(movieMs), movieMs)
  }

  /** Of the fragments between those that were read, the last one whose timestamp has come by then. */
  #rowBetween(movieMs: number): number {
    const { firstPlace, originMs, count } = this.#places
    const [before, behind] = [this.#located[this.#at - 1], this.#located[this.#at]]
    let low = before ? before.place - firstPlace + 1 : 0
    let high = Math.max(low, (behind ? behind.place - firstPlace : count) - 1)
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if ((originMs[middle] ?? 0) <= movieMs + 0.5) low = middle
      else high = middle - 1
    }
    return low
  }
}
