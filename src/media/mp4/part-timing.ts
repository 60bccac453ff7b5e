import type { Movie, MovieTrack } from './movie.js'
import { keyFrameTimesMs, lastDuration, placementOf, presentationTicks, toMs } from './presentation.js'

/** A fragment of a part as ListFragments tells it, on the producer's clock. */
export interface PartFragment {
  readonly startMs: number
  readonly lengthMs: number
}

/** The video of one part on the part's own clock: ticks and milliseconds from its start. */
export interface PartTiming {
  readonly video: MovieTrack
  /** When each sample is shown, in ticks, in decode order. */
  readonly ticks: Float64Array
  /** First and last frame in the order of showing, and the end of the last. */
  readonly firstMs: number
  readonly lastMs: number
  readonly endMs: number
  /** Sync samples. */
  readonly keyTimesMs: Float64Array
  /** The edit list hides frames before the first shown, or after the last. */
  readonly hidesBefore: boolean
  readonly hidesAfter: boolean
}

/** Null when the movie has no video. */
export function timePart(movie: Movie): PartTiming | null {
  const [video] = movie.tracks
  if (video?.kind !== 'video' || video.samples.count === 0) return null
  const ticks = presentationTicks(video)
  const { first, last } = bounds(ticks)
  const { delayMs, shownMs } = placementOf(video)
  const { timescale } = video
  const lastMs = toMs(last, timescale)
  return {
    video,
    ticks,
    firstMs: toMs(first, timescale),
    lastMs,
    endMs: toMs(last + lastDuration(video.samples), timescale),
    keyTimesMs: keyFrameTimesMs(video, ticks).sort(),
    hidesBefore: toMs(first, timescale) < delayMs - HALF_MS,
    // An edit's end was rounded to a millisecond by whoever wrote it.
    hidesAfter: video.edits.length > 0 && shownMs > 0 && lastMs > delayMs + shownMs - HALF_MS,
  }
}

const HALF_MS = 0.5

function bounds(ticks: Float64Array): { first: number; last: number } {
  let first = Number.POSITIVE_INFINITY
  let last = Number.NEGATIVE_INFINITY
  for (let index = 0; index < ticks.length; index += 1) {
    const value = ticks[index] ?? 0
    if (value < first) first = value
    if (value > last) last = value
  }
  return { first, last }
}
