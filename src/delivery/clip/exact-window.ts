// Converts the range of an exact cut to movie time. The instant of a picture is the timestamp of its fragment by the selector's clock, plus
// the offset of the picture in the Matroska.

import type { TimeRange } from '../../domain/time-range.js'
import type { MovieTrack } from '../../media/mp4/movie.js'
import { SampleClock, toMs } from '../../media/mp4/tables/presentation.js'
import { ROWS_PER_STEP, type Steps } from '../../media/steps.js'
import { type FragmentPlaces, PictureInstants } from '../verify/fragment-places.js'
import type { LocatedPictures } from '../verify/locate-pictures.js'

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

/** Null if no picture is shown in the range. */
export function* findExactWindow(video: MovieTrack, { places, located, range }: WindowOptions): Steps<ExactWindow | null> {
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
