// When the parts of a join play.
import type { Movie, MovieTrack } from '../movie.js'
import { rowAt } from '../tables/columns.js'
import { findFirstKey } from '../tables/pieces.js'
import { lastDuration, placementOf, SampleClock, toMs } from '../tables/presentation.js'

/**
 * Presentation times of the first and last sample of a part, in decoding order, on the producer's clock, in milliseconds. The Matroska of
 * the first and the last fragment of the part gives them.
 */
export interface PartClock {
  readonly firstSampleMs: number
  readonly lastSampleMs: number
}

/** The video of a part, in milliseconds from the start of the part. Times of single frames are not kept: a clip has millions. */
export interface PartTiming {
  readonly video: MovieTrack
  /** First and last frame in presentation order, and the end of the last. */
  readonly firstMs: number
  readonly lastMs: number
  readonly endMs: number
  /** Presentation times of the first and last sample in decoding order. */
  readonly firstSampleMs: number
  readonly lastSampleMs: number
  readonly beginsWithKey: boolean
  /** Whether the edit list hides frames before the first one shown, or after the last one. */
  readonly hidesBefore: boolean
  readonly hidesAfter: boolean
}

const HALF_MS = 0.5
/** A longer hole is a change of the clock. */
const LONGEST_GAP_MS = 24 * 3_600_000
/** The clock of Matroska has ticks of a millisecond. */
const ROUNDING_MS = 1
/** H.264 and H.265 reorder at most 16 pictures, so frames of neighboring parts interleave by no more. */
const MAX_REORDERED_FRAMES = 16

/** Null if the movie has no video. */
export function timePart(movie: Movie): PartTiming | null {
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
    beginsWithKey: findFirstKey(video.pieces) === 0,
    hidesBefore: firstMs < delayMs - HALF_MS,
    // The end of an edit was rounded to a millisecond.
    hidesAfter: video.edits.length > 0 && shownMs > 0 && lastMs > delayMs + shownMs - HALF_MS,
  }
}

/** In ticks of the part. `first` and `last` are in decoding order. */
function measureTimes(video: MovieTrack): { first: number; last: number; earliest: number; latest: number } {
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

export interface TimedPart {
  readonly timing: PartTiming
  /** Null if the producer's clock is unknown. */
  readonly clock: PartClock | null
}

/** Start of each part, in milliseconds from the start of the first. */
export function placeParts(parts: readonly TimedPart[]): Float64Array {
  const startsMs = new Float64Array(parts.length)
  let previous: TimedPart | null = null
  for (const [index, part] of parts.entries()) {
    if (previous !== null) startsMs[index] = rowAt(startsMs, index - 1) + stepBetween(previous, part)
    previous = part
  }
  return startsMs
}

/**
 * Milliseconds from the start of `previous` to the start of `next`, by the producer's clock. If that clock went back, or more than a day
 * ahead, or is unknown, the first frame of `next` starts at the end of the last frame of `previous`.
 */
function stepBetween(previous: TimedPart, next: TimedPart): number {
  const contiguous = Math.max(previous.timing.endMs, previous.timing.lastMs + ROUNDING_MS) - next.timing.firstMs
  if (previous.clock === null || next.clock === null) return contiguous
  const stepMs = next.clock.firstSampleMs - previous.clock.lastSampleMs
  const measured = previous.timing.lastSampleMs + stepMs - next.timing.firstSampleMs
  return measured - contiguous > LONGEST_GAP_MS || runsBack(previous.timing, next.timing, measured) ? contiguous : measured
}

/** Whether frames of `next` would be shown among those of `previous`. Frames decoded before a key frame are shown before it. */
function runsBack(previous: PartTiming, next: PartTiming, startMs: number): boolean {
  if (next.beginsWithKey) return startMs + next.firstSampleMs <= previous.lastMs
  // The duration of the frame in a part with one frame is a guess.
  const frameMs = Math.max(previous.endMs - previous.lastMs, next.endMs - next.lastMs)
  return startMs + next.firstMs < previous.lastMs - MAX_REORDERED_FRAMES * frameMs
}
