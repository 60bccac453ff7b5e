// The frames before the first key frame of a movie, which a decoder cannot show.
import { ROWS_PER_STEP, type Steps } from '../../steps.js'
import { type Edit, type Movie, type MovieTrack, toEdits } from '../movie.js'
import { findFirstKey } from '../tables/pieces.js'
import { placementOf, SampleClock, toMs, toTicks } from '../tables/presentation.js'

export interface FirstKeyFrame {
  /** Index of its sample in decoding order. */
  readonly sample: number
  /** Presentation time, in milliseconds from the start of the movie. */
  readonly shownMs: number
  /** Whether frames are shown before it. */
  readonly isLate: boolean
}

/** Null if the track has no key frame. */
export function* findFirstKeyFrame(video: MovieTrack): Steps<FirstKeyFrame | null> {
  const sample = findFirstKey(video.pieces)
  if (sample === null) return null
  const clock = new SampleClock(video)
  let [keyTicks, earliest] = [0, Number.POSITIVE_INFINITY]
  for (let index = 0; index < video.samples.count; index += 1) {
    clock.next()
    if (index === sample) keyTicks = clock.shownTicks
    earliest = Math.min(earliest, clock.shownTicks)
    if (index % ROWS_PER_STEP === ROWS_PER_STEP - 1) yield
  }
  return { sample, shownMs: toMs(keyTicks, video.timescale), isLate: earliest < keyTicks }
}

/** The movie from `fromMs` on, in milliseconds of its presentation. Edit lists hide what comes before; the file keeps it. */
export function hideStart(movie: Movie, fromMs: number): Movie {
  const startMs = movie.startMs === null ? null : movie.startMs + Math.round(fromMs)
  return { ...movie, startMs, tracks: movie.tracks.map((track) => ({ ...track, edits: editsFrom(track, fromMs) })) }
}

function editsFrom(track: MovieTrack, fromMs: number): Edit[] {
  const { originTicks, delayMs, shownMs } = placementOf(track)
  const startMs = Math.max(fromMs, delayMs)
  const emptyMs = Math.round(startMs - fromMs)
  const durationMs = Math.max(0, Math.round(delayMs + shownMs - startMs))
  return toEdits(emptyMs, { durationMs, mediaTime: Math.max(0, toTicks(startMs, track.timescale) - originTicks) })
}
