import { freeBytes } from '../../free-bytes.js'
import type { Steps } from '../../steps.js'
import type { Movie, MovieTrack, SampleTimes } from '../movie.js'
import { rowAt } from '../tables/columns.js'
import { joinPieces } from '../tables/pieces.js'
import { lastDuration, placementOf, presentationTicks, sortTimes, toMs, toTicks } from '../tables/presentation.js'
import { RunBuilder } from '../tables/runs.js'
import type { PartTiming } from './part-timing.js'

/** A track on the clock of the joined movie. It has no edit list yet, because that depends on where the movie starts. */
export interface JoinedTrack {
  readonly track: MovieTrack
  /** The stretch that is shown, in milliseconds of the joined movie, and the media time at its start. */
  readonly shownFromMs: number
  readonly shownToMs: number
  readonly mediaTime: number
}

export interface PlacedParts {
  readonly timings: readonly PartTiming[]
  /** Start of each part, in milliseconds of the joined movie. */
  readonly startsMs: Float64Array
}

/**
 * Joins the video of all parts, and frees its time tables. Each frame is shown when its part shows it, moved by the start of the part.
 * Decoding times are derived for the whole: the i-th frame is decoded at the i-th smallest presentation time, and one shift of all
 * presentation times makes up for B-frames. Returns null if a gap is too long for a table.
 */
export function* joinVideo(movies: readonly Movie[], parts: PlacedParts): Steps<JoinedTrack | null> {
  const [first] = parts.timings
  const last = parts.timings.at(-1)
  if (first === undefined || last === undefined) return null
  const { timescale } = first.video
  const table = new DecodeTable(yield* findShift(parts))
  const lastTicks = lastDuration(last.video.samples)
  for (const { part, frames } of decodeOrder(parts)) {
    table.add(frames)
    freeTimes(part)
    yield
  }
  const samples = table.build(lastTicks)
  if (samples === null) return null
  yield
  const shownFromMs = first.hidesBefore ? placementOf(first.video).delayMs : toMs(table.firstTicks, timescale)
  return {
    track: { ...first.video, samples, pieces: joinPieces(movies, 0), edits: [] },
    shownFromMs,
    shownToMs: shownUntil(parts),
    mediaTime: table.shift + toTicks(shownFromMs, timescale) - table.firstTicks,
  }
}

function freeTimes({ samples: { durations, compositionOffsets } }: MovieTrack): void {
  for (const runs of [durations, compositionOffsets]) {
    if (runs === null) continue
    freeBytes(runs.counts)
    freeBytes(runs.values)
  }
}

/** The frame that is shown last need not be in the last part. */
function shownUntil({ timings, startsMs }: PlacedParts): number {
  const last = timings.at(-1)
  if (last?.hidesAfter) {
    const { delayMs, shownMs } = placementOf(last.video)
    return rowAt(startsMs, timings.length - 1) + delayMs + shownMs
  }
  return timings.reduce((latest, { endMs }, part) => Math.max(latest, rowAt(startsMs, part) + endMs), Number.NEGATIVE_INFINITY)
}

/** How many ticks later all frames must be shown, so that none is shown before it is decoded. */
function* findShift(parts: PlacedParts): Steps<number> {
  let shift = 0
  for (const { frames } of decodeOrder(parts)) {
    for (let index = 0; index < frames.shown.length; index += 1)
      shift = Math.max(shift, rowAt(frames.decoded, index) - rowAt(frames.shown, index))
    yield
  }
  return shift
}

/** Consecutive frames in decoding order: when each is shown and decoded, in ticks of the joined movie. */
interface OrderedFrames {
  readonly shown: Float64Array
  readonly decoded: Float64Array
}

/**
 * For each part, the frames whose decoding times are final after it. Frames of neighboring parts may be shown among each other if a part
 * does not begin with a key frame. Frames that the next parts may still change are returned with those parts.
 */
function* decodeOrder({ timings, startsMs }: PlacedParts): Generator<{ readonly part: MovieTrack; readonly frames: OrderedFrames }> {
  const earliest = earliestAfter({ timings, startsMs })
  let left: OrderedFrames = { shown: new Float64Array(0), decoded: new Float64Array(0) }
  for (const [index, { video }] of timings.entries()) {
    const own = addToAll(presentationTicks(video), toTicks(rowAt(startsMs, index), video.timescale))
    const shown = concat(left.shown, own)
    const decoded = sortTimes(concat(left.decoded, own))
    const final = index === timings.length - 1 ? shown.length : countUpTo(decoded, rowAt(earliest, index))
    left = { shown: shown.slice(final), decoded: decoded.slice(final) }
    yield { part: video, frames: { shown: shown.subarray(0, final), decoded: decoded.subarray(0, final) } }
    freeBytes(shown)
    freeBytes(decoded)
  }
}

/** For each part, when the first frame of all later parts is shown, in ticks of the joined movie. */
function earliestAfter({ timings, startsMs }: PlacedParts): Float64Array {
  const earliest = new Float64Array(timings.length)
  let next = Number.POSITIVE_INFINITY
  for (let part = timings.length - 1; part >= 0; part -= 1) {
    earliest[part] = next
    const timing = timings[part]
    if (timing === undefined) continue
    next = Math.min(next, toTicks(rowAt(startsMs, part) + timing.firstMs, timing.video.timescale) - 1)
  }
  return earliest
}

/** Changes and returns `ticks`. */
function addToAll(ticks: Float64Array, startTicks: number): Float64Array {
  for (let index = 0; index < ticks.length; index += 1) ticks[index] = rowAt(ticks, index) + startTicks
  return ticks
}

/** How many of the sorted times are at most `limit`. */
function countUpTo(sorted: Float64Array, limit: number): number {
  let count = sorted.length
  while (count > 0 && rowAt(sorted, count - 1) > limit) count -= 1
  return count
}

/** `own` itself if nothing precedes it. */
function concat(before: Float64Array, own: Float64Array): Float64Array {
  if (before.length === 0) return own
  const all = new Float64Array(before.length + own.length)
  all.set(before)
  all.set(own, before.length)
  return all
}

/** Collects decoding and presentation times as runs: the times of one part are many, and those of all parts are never in memory at once. */
class DecodeTable {
  readonly #durations = new RunBuilder()
  readonly #offsets = new RunBuilder()
  #count = 0
  #lastTicks = 0
  #isTooLong = false
  /** When the first frame is decoded, in ticks of the joined movie. */
  firstTicks = 0

  /** `shift`: how many ticks later all frames are shown, so that none is shown before it is decoded. */
  constructor(readonly shift: number) {}

  add({ shown, decoded }: OrderedFrames): void {
    for (let index = 0; index < decoded.length; index += 1) {
      const ticks = rowAt(decoded, index)
      if (this.#count === 0) this.firstTicks = ticks
      else this.#addDuration(ticks - this.#lastTicks)
      this.#lastTicks = ticks
      this.#count += 1
      if (this.shift > 0) this.#offsets.add(1, rowAt(shown, index) + this.shift - ticks)
    }
  }

  /** Null if two frames are too far apart for a table (2^32 ticks). */
  build(lastDurationTicks: number): SampleTimes | null {
    this.#addDuration(lastDurationTicks)
    if (this.#isTooLong) return null
    return { count: this.#count, durations: this.#durations.build(), compositionOffsets: this.shift > 0 ? this.#offsets.build() : null }
  }

  #addDuration(ticks: number): void {
    if (ticks > 0xffffffff) this.#isTooLong = true
    this.#durations.add(1, ticks)
  }
}
