import { freeBytes } from '../../free-bytes.js'
import type { Steps } from '../../steps.js'
import type { Edit } from '../movie.js'
import type { PackedMovie, PackedSamples, PackedTrack } from '../packed-movie.js'
import { sortTimes } from '../tables/decode-order.js'
import { lastDuration, placementOf, presentationTicks, toMs, toTicks } from '../tables/presentation.js'
import { RunBuilder, runsToDurations } from '../tables/runs.js'
import { joinPieces } from './join-pieces.js'
import type { PartTiming } from './part-timing.js'

/** A track on the joined movie's clock, before its edit list: that needs to know where the movie starts. */
export interface JoinedTrack {
  readonly track: PackedTrack
  /** The stretch that is shown, in milliseconds of the joined movie, and the media time at its start. */
  readonly shownFromMs: number
  readonly shownToMs: number
  readonly mediaTime: number
}

export interface JoinedTimes {
  readonly timings: readonly PartTiming[]
  /** Where each part starts, in milliseconds of the joined movie. */
  readonly startsMs: readonly number[]
  /** Called with each part's video when its times are not needed any more. */
  readonly whenTimed: (video: PackedTrack) => void
}

/**
 * The video of all parts. Each frame is shown when its part shows it, moved by the part's start; decode times are derived anew for the
 * whole (the i-th frame is decoded at the i-th smallest time, and what that is late for B-frames goes into one shift).
 */
export function* joinVideo(movies: readonly PackedMovie[], times: JoinedTimes): Steps<JoinedTrack | null> {
  const [first] = times.timings
  const last = times.timings.at(-1)
  if (first === undefined || last === undefined) return null
  const { timescale } = first.video
  const table = new DecodeTable(yield* findShift(times))
  const lastTicks = lastDuration(last.video.samples)
  for (const [part, ordered] of decodeOrder(times)) {
    table.add(ordered)
    times.whenTimed(part)
    yield
  }
  const samples = table.build(lastTicks)
  if (samples === null) return null
  yield
  const shownFromMs = first.hidesBefore ? placementOf(first.video).delayMs : toMs(table.firstTicks, timescale)
  return {
    track: { ...first.video, samples, pieces: joinPieces(movies, 0), edits: [] },
    shownFromMs,
    shownToMs: shownUntil(times),
    mediaTime: table.shift + toTicks(shownFromMs, timescale) - table.firstTicks,
  }
}

/** The frame that is shown last need not be in the last part. */
function shownUntil({ timings, startsMs }: JoinedTimes): number {
  const last = timings.at(-1)
  if (last?.hidesAfter) return (startsMs.at(-1) ?? 0) + editEnd(last.video)
  return timings.reduce((latest, { endMs }, part) => Math.max(latest, (startsMs[part] ?? 0) + endMs), Number.NEGATIVE_INFINITY)
}

function editEnd(track: PackedTrack): number {
  const { delayMs, shownMs } = placementOf(track)
  return delayMs + shownMs
}

/** By how many ticks all frames are shown later, so that none is shown before it is decoded. */
function* findShift(times: JoinedTimes): Steps<number> {
  let shift = 0
  for (const [, { shown, decoded }] of decodeOrder(times)) {
    for (let index = 0; index < shown.length; index += 1) shift = Math.max(shift, (decoded[index] ?? 0) - (shown[index] ?? 0))
    yield
  }
  return shift
}

/** Consecutive frames, in decode order: when each is shown and decoded, in ticks of the joined movie. */
interface OrderedFrames {
  readonly shown: Float64Array
  readonly decoded: Float64Array
}

/**
 * Part by part, the frames whose decode times are final. Frames of neighbouring parts may be shown among each other, where a part does not
 * begin with a key frame: those that the next parts may still change are left for them.
 */
function* decodeOrder({ timings, startsMs }: JoinedTimes): Generator<readonly [PackedTrack, OrderedFrames]> {
  const earliest = earliestBehind({ timings, startsMs })
  let left: OrderedFrames = { shown: new Float64Array(0), decoded: new Float64Array(0) }
  for (const [part, { video }] of timings.entries()) {
    const startTicks = toTicks(startsMs[part] ?? 0, video.timescale)
    const own = presentationTicks(video)
    for (let index = 0; index < own.length; index += 1) own[index] = (own[index] ?? 0) + startTicks
    const shown = concat(left.shown, own)
    const decoded = sortTimes(concat(left.decoded, own))
    const final = part === timings.length - 1 ? shown.length : firstAbove(decoded, earliest[part] ?? Number.POSITIVE_INFINITY)
    left = { shown: shown.slice(final), decoded: decoded.slice(final) }
    yield [video, { shown: shown.subarray(0, final), decoded: decoded.subarray(0, final) }]
    freeBytes(shown)
    freeBytes(decoded)
  }
}

/** For each part, when the first frame of all parts behind it is shown, in ticks of the joined movie. */
function earliestBehind({ timings, startsMs }: Pick<JoinedTimes, 'timings' | 'startsMs'>): Float64Array {
  const earliest = new Float64Array(timings.length).fill(Number.POSITIVE_INFINITY)
  for (let part = timings.length - 2; part >= 0; part -= 1) {
    const next = timings[part + 1]
    const firstTicks = next ? toTicks((startsMs[part + 1] ?? 0) + next.firstMs, next.video.timescale) - 1 : 0
    earliest[part] = Math.min(firstTicks, earliest[part + 1] ?? Number.POSITIVE_INFINITY)
  }
  return earliest
}

function firstAbove(sorted: Float64Array, limit: number): number {
  let index = sorted.length
  while (index > 0 && (sorted[index - 1] ?? 0) > limit) index -= 1
  return index
}

/** `own` itself where there is nothing before it. */
function concat(before: Float64Array, own: Float64Array): Float64Array {
  if (before.length === 0) return own
  const all = new Float64Array(before.length + own.length)
  all.set(before)
  all.set(own, before.length)
  return all
}

/** Collects when frames are decoded and shown: the times of one part are many, those of all are not there at once. */
class DecodeTable {
  private readonly durations = new RunBuilder()
  private readonly offsets = new RunBuilder()
  private count = 0
  private lastTicks = 0
  private isBeyondTable = false
  /** When the first frame is decoded, in ticks of the joined movie. */
  firstTicks = 0

  /** `shift`: by how many ticks all frames are shown later, so that none is before it is decoded. */
  constructor(readonly shift: number) {}

  add({ shown, decoded }: OrderedFrames): void {
    for (let index = 0; index < decoded.length; index += 1) {
      const ticks = decoded[index] ?? 0
      this.decodeAt(ticks)
      if (this.shift > 0) this.offsets.add(1, (shown[index] ?? 0) + this.shift - ticks)
    }
  }

  /** Null when frames lie so far apart that a table cannot say it (2^32 ticks). */
  build(lastDurationTicks: number): PackedSamples | null {
    this.addDuration(lastDurationTicks)
    if (this.isBeyondTable) return null
    const compositionOffsets = this.shift > 0 ? this.offsets.buildNarrow() : null
    return { count: this.count, durations: runsToDurations(this.durations.buildNarrow()), compositionOffsets }
  }

  private decodeAt(ticks: number): void {
    if (this.count === 0) this.firstTicks = ticks
    else this.addDuration(ticks - this.lastTicks)
    this.lastTicks = ticks
    this.count += 1
  }

  private addDuration(ticks: number): void {
    if (ticks > 0xffffffff) this.isBeyondTable = true
    this.durations.add(1, ticks)
  }
}

/** One form: an empty edit if the track starts after the movie does, then what is shown; nothing if all of it is shown from the start. */
export function editsOf({ track, shownFromMs, shownToMs, mediaTime }: JoinedTrack, wholeTicks: number): Edit[] {
  const emptyMs = Math.round(shownFromMs)
  const durationMs = Math.max(Math.round(shownToMs) - emptyMs, 0)
  const isWhole = mediaTime === 0 && durationMs === Math.round(toMs(wholeTicks, track.timescale))
  if (emptyMs === 0 && isWhole) return []
  const edit = { durationMs, mediaTime }
  return emptyMs === 0 ? [edit] : [{ durationMs: emptyMs, mediaTime: -1 }, edit]
}
