import { freeBytes } from '../free-bytes.js'
import type { Steps } from '../steps.js'
import { sortTimes } from './decode-order.js'
import { joinPieces } from './join-pieces.js'
import type { Edit } from './movie.js'
import type { PackedMovie, PackedSamples, PackedTrack } from './packed-movie.js'
import type { PartTiming } from './part-timing.js'
import { lastDuration, placementOf, presentationTicks, toMs, toTicks } from './presentation.js'
import { RunBuilder, runsToDurations } from './runs.js'

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
  /** Hears of each part's video when its times are not needed any more. */
  readonly whenTimed: (video: PackedTrack) => void
}

/**
 * The video of all parts. Each frame is shown when its part shows it, moved by the part's start; decode times are derived anew for the
 * whole (the i-th frame is decoded at the i-th smallest time, and what that is late for B-frames goes into one shift).
 */
export function* joinVideo(movies: readonly PackedMovie[], { timings, startsMs, whenTimed }: JoinedTimes): Steps<JoinedTrack | null> {
  const [first] = timings
  const last = timings.at(-1)
  if (first === undefined || last === undefined) return null
  const { timescale } = first.video
  const shownUntilMs = last.hidesAfter ? editEnd(last.video) : last.endMs
  const lastTicks = lastDuration(last.video.samples)
  const shift = timings.reduce((latest, { latestTicks }) => Math.max(latest, latestTicks), 0)
  const table = new DecodeTable(shift)
  for (const [part, { video }] of timings.entries()) {
    table.addPart(video, toTicks(startsMs[part] ?? 0, timescale))
    whenTimed(video)
    yield
  }
  const samples = table.build(lastTicks)
  if (samples === null) return null
  yield
  const firstDecodeTicks = table.firstTicks
  const shownFromMs = first.hidesBefore ? placementOf(first.video).delayMs : toMs(firstDecodeTicks, timescale)
  return {
    track: { ...first.video, samples, pieces: joinPieces(movies, 0), edits: [] },
    shownFromMs,
    shownToMs: (startsMs.at(-1) ?? 0) + shownUntilMs,
    mediaTime: shift + toTicks(shownFromMs, timescale) - firstDecodeTicks,
  }
}

function editEnd(track: PackedTrack): number {
  const { delayMs, shownMs } = placementOf(track)
  return delayMs + shownMs
}

/** Collects when frames are decoded and shown, part by part: the times of one part are many, those of all are not there at once. */
class DecodeTable {
  private readonly durations = new RunBuilder()
  private readonly offsets = new RunBuilder()
  private count = 0
  private lastTicks = 0
  private isBeyondTable = false
  /** When the first frame is decoded, in ticks of the joined movie. */
  firstTicks = 0

  /** `shift`: by how many ticks all frames are shown later, so that none is before it is decoded. */
  constructor(private readonly shift: number) {}

  addPart(video: PackedTrack, startTicks: number): void {
    const shown = presentationTicks(video)
    const decoded = sortTimes(shown)
    for (let index = 0; index < decoded.length; index += 1) {
      const ticks = decoded[index] ?? 0
      this.decodeAt(ticks + startTicks)
      if (this.shift > 0) this.offsets.add(1, (shown[index] ?? 0) + this.shift - ticks)
    }
    freeBytes(shown)
    freeBytes(decoded)
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
