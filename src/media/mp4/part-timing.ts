import { freeBytes } from '../free-bytes.js'
import { finishNow } from '../steps.js'
import { sortTimes } from './decode-order.js'
import type { PackedMovie, PackedTrack } from './packed-movie.js'
import { lastDuration, packedKeyFrameTimesMs, placementOf, presentationTicks, toMs } from './presentation.js'

/** A fragment of a part as ListFragments tells it, on the producer's clock. */
export interface PartFragment {
  readonly startMs: number
  readonly lengthMs: number
}

/** The video of one part on the part's own clock, in milliseconds from its start. No time of each frame: those of all parts are many. */
export interface PartTiming {
  readonly video: PackedTrack
  /** First and last frame in the order of showing, and the end of the last. */
  readonly firstMs: number
  readonly lastMs: number
  readonly endMs: number
  /** Sync samples. */
  readonly keyTimesMs: Float64Array
  /** By how many ticks a frame would at most be shown before it is decoded, if frames were decoded at the times at which they are shown. */
  readonly latestTicks: number
  /** The edit list hides frames before the first shown, or after the last. */
  readonly hidesBefore: boolean
  readonly hidesAfter: boolean
}

/** Null when the movie has no video. */
export function timePart(movie: PackedMovie): PartTiming | null {
  const [video] = movie.tracks
  if (video?.kind !== 'video' || video.samples.count === 0) return null
  const { timescale } = video
  const { firstTicks, lastTicks, latestTicks } = measureTimes(video)
  const { delayMs, shownMs } = placementOf(video)
  const [firstMs, lastMs] = [toMs(firstTicks, timescale), toMs(lastTicks, timescale)]
  return {
    video,
    firstMs,
    lastMs,
    endMs: toMs(lastTicks + lastDuration(video.samples), timescale),
    keyTimesMs: finishNow(packedKeyFrameTimesMs(video)).sort(),
    latestTicks,
    hidesBefore: firstMs < delayMs - HALF_MS,
    // An edit's end was rounded to a millisecond by whoever wrote it.
    hidesAfter: video.edits.length > 0 && shownMs > 0 && lastMs > delayMs + shownMs - HALF_MS,
  }
}

function measureTimes(video: PackedTrack): { firstTicks: number; lastTicks: number; latestTicks: number } {
  const shown = presentationTicks(video)
  const decoded = sortTimes(shown)
  let latestTicks = 0
  for (let index = 0; index < shown.length; index += 1) {
    latestTicks = Math.max(latestTicks, (decoded[index] ?? 0) - (shown[index] ?? 0))
  }
  const measured = { firstTicks: decoded[0] ?? 0, lastTicks: decoded.at(-1) ?? 0, latestTicks }
  freeBytes(shown)
  freeBytes(decoded)
  return measured
}

const HALF_MS = 0.5
