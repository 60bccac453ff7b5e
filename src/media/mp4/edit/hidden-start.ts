// What a decoder cannot show at the start of a movie: the frames before its first key frame.

import { ROWS_PER_STEP, type Steps } from '../../steps.js'
import type { Edit } from '../movie.js'
import type { PackedMovie, PackedTrack } from '../packed-movie.js'
import { placementOf, SampleClock, toMs, toTicks } from '../tables/presentation.js'

export interface FirstKeyFrame {
  /** Number of its sample, from 0. */
  readonly sample: number
  /** When it is shown, in milliseconds of the movie. */
  readonly shownMs: number
  /** Frames are shown before it. */
  readonly isLate: boolean
}

/** Null when there is no key frame. */
export function* findFirstKeyFrame(video: PackedTrack): Steps<FirstKeyFrame | null> {
  const number = firstKeyNumber(video)
  if (number === null) return null
  const clock = new SampleClock(video)
  let [keyTicks, earliest] = [0, Number.POSITIVE_INFINITY]
  for (let index = 0; index < video.samples.count; index += 1) {
    clock.next()
    if (index === number) keyTicks = clock.shownTicks
    earliest = Math.min(earliest, clock.shownTicks)
    if (index % ROWS_PER_STEP === ROWS_PER_STEP - 1) yield
  }
  return { sample: number, shownMs: toMs(keyTicks, video.timescale), isLate: earliest < keyTicks }
}

function firstKeyNumber({ pieces }: PackedTrack): number | null {
  let first = 0
  for (const { count, keys } of pieces) {
    const key = keys === null ? 0 : keys[0]
    if (key !== undefined && key < count) return first + key
    first += count
  }
  return null
}

/** The movie from `fromMs` on, in milliseconds of its presentation: an edit list hides what comes before, and nothing leaves the file. */
export function hideStart(movie: PackedMovie, fromMs: number): PackedMovie {
  const startMs = movie.startMs === null ? null : movie.startMs + Math.round(fromMs)
  return { ...movie, startMs, tracks: movie.tracks.map((track) => ({ ...track, edits: editsFrom(track, fromMs) })) }
}

function editsFrom(track: PackedTrack, fromMs: number): Edit[] {
  const { originTicks, delayMs, shownMs } = placementOf(track)
  const startMs = Math.max(fromMs, delayMs)
  const emptyMs = Math.round(startMs - fromMs)
  const durationMs = Math.max(0, Math.round(delayMs + shownMs - startMs))
  const edit = { durationMs, mediaTime: Math.max(0, toTicks(startMs, track.timescale) - originTicks) }
  return emptyMs > 0 ? [{ durationMs: emptyMs, mediaTime: -1 }, edit] : [edit]
}
