import type { PackedMovie, PackedTrack } from '../packed-movie.js'
import { lastDuration, placementOf, SampleClock, toMs } from '../tables/presentation.js'

/**
 * When the first sample of a part and the last one, both in decode order, are shown on the producer's clock, in milliseconds. The Matroska
 * of the part's first fragment and of its last one says so.
 */
export interface PartClock {
  readonly firstSampleMs: number
  readonly lastSampleMs: number
}

/** The video of one part on the part's own clock, in milliseconds from its start. No time of each frame: those of all parts are many. */
export interface PartTiming {
  readonly video: PackedTrack
  /** First and last frame in the order of showing, and the end of the last. */
  readonly firstMs: number
  readonly lastMs: number
  readonly endMs: number
  /** When the first sample and the last one in decode order are shown. */
  readonly firstSampleMs: number
  readonly lastSampleMs: number
  readonly beginsWithKey: boolean
  /** The edit list hides frames before the first shown, or after the last. */
  readonly hidesBefore: boolean
  readonly hidesAfter: boolean
}

/** Null when the movie has no video. */
export function timePart(movie: PackedMovie): PartTiming | null {
  const [video] = movie.tracks
  if (video?.kind !== 'video' || video.samples.count === 0) return null
  const inMs = (ticks: number) => toMs(ticks, video.timescale)
  const times = measureTimes(video)
  const { delayMs, shownMs } = placementOf(video)
  const [firstMs, lastMs] = [inMs(times.earliest), inMs(times.latest)]
  return {
    video,
    firstMs,
    lastMs,
    endMs: inMs(times.latest + lastDuration(video.samples)),
    firstSampleMs: inMs(times.first),
    lastSampleMs: inMs(times.last),
    beginsWithKey: video.pieces[0]?.keys?.[0] === undefined ? video.pieces[0]?.keys === null : video.pieces[0].keys[0] === 0,
    hidesBefore: firstMs < delayMs - HALF_MS,
    // An edit's end was rounded to a millisecond by whoever wrote it.
    hidesAfter: video.edits.length > 0 && shownMs > 0 && lastMs > delayMs + shownMs - HALF_MS,
  }
}

/** In ticks of the part: `first` and `last` by the order of decoding. */
function measureTimes(video: PackedTrack): { first: number; last: number; earliest: number; latest: number } {
  const clock = new SampleClock(video)
  clock.next()
  const times = { first: clock.shownTicks, last: clock.shownTicks, earliest: clock.shownTicks, latest: clock.shownTicks }
  for (let index = 1; index < video.samples.count; index += 1) {
    clock.next()
    times.last = clock.shownTicks
    times.earliest = Math.min(times.earliest, times.last)
    times.latest = Math.max(times.latest, times.last)
  }
  return times
}

const HALF_MS = 0.5
