import { ROWS_PER_STEP, type Steps } from '../../steps.js'
import type { PackedMovie, PackedTrack } from '../packed-movie.js'
import { placementOf, toMs, toTicks } from '../tables/presentation.js'
import { durationsToRuns, RunBuilder, runsToDurations, totalTicks } from '../tables/runs.js'
import { joinPieces } from './join-pieces.js'
import type { JoinedTrack } from './join-video.js'

/** Parts begin on Matroska's millisecond clock: as long as they agree with the sound's own clock to that, the sound's goes on evenly. */
const CLOCK_ROUNDING_MS = 1

/**
 * The sound of all parts, on runs rather than samples, so that G.711, with a sample a byte, costs no more than AAC. A part's first
 * sample plays when its part plays it: before a hole the last sample is stretched, an overlap is taken from the last samples. What
 * cannot be taken (a sample keeps one tick at least) makes the part late by as much, until there is room again.
 */
export function* joinAudio(
  movies: readonly PackedMovie[],
  tracks: readonly PackedTrack[],
  startsMs: readonly number[],
): Steps<JoinedTrack | null> {
  const [first] = tracks
  const last = tracks.at(-1)
  if (first === undefined || last === undefined) return null
  const { timescale } = first
  const clock = new SoundClock(toTicks(CLOCK_ROUNDING_MS, timescale))
  for (const [part, track] of tracks.entries()) {
    if (track.samples.count === 0) continue
    clock.moveTo(toTicks(startsMs[part] ?? 0, timescale) + placementOf(track).originTicks)
    const runs = yield* durationsToRuns(track.samples)
    for (let run = 0; run < runs.counts.length; run += 1) {
      clock.add(runs.counts[run] ?? 0, runs.values[run] ?? 0)
      if (run % ROWS_PER_STEP === ROWS_PER_STEP - 1) yield
    }
    yield
  }
  const durations = clock.build()
  if (durations === null) return null
  const count = tracks.reduce((total, { samples }) => total + samples.count, 0)
  const shownFromMs = Math.max(placementOf(first).delayMs, toMs(clock.start, timescale))
  const samples = { count, durations: runsToDurations(durations), compositionOffsets: null }
  return {
    track: { ...first, samples, pieces: joinPieces(movies, 1), edits: [] },
    shownFromMs,
    shownToMs: toMs(clock.end, timescale) - hiddenTailMs(last),
    mediaTime: toTicks(shownFromMs, timescale) - clock.start,
  }
}

/** What the last part's edit list leaves out at the end; less than a millisecond is rounding. */
function hiddenTailMs(track: PackedTrack): number {
  const { mediaTime, shownMs } = placementOf(track)
  const hiddenMs = toMs(totalTicks(track.samples) - mediaTime, track.timescale) - shownMs
  return hiddenMs > 1 ? hiddenMs : 0
}

class SoundClock {
  private readonly runs = new RunBuilder()
  private isBeyondTable = false
  /** Ticks of the joined movie at the first sample, and after the last. */
  start = 0
  end = 0

  constructor(private readonly toleranceTicks: number) {}

  /** The next sample plays at `ticks`. */
  moveTo(ticks: number): void {
    if (this.runs.length === 0) {
      this.start = ticks
      this.end = ticks
      return
    }
    const difference = ticks - this.end
    if (Math.abs(difference) <= this.toleranceTicks) return
    if (difference > 0) this.stretch(difference)
    else this.squeeze(-difference)
  }

  add(count: number, ticks: number): void {
    this.runs.add(count, ticks)
    this.end += count * ticks
  }

  /** Null when a hole is too long for a table (2^32 ticks). */
  build() {
    return this.isBeyondTable ? null : this.runs.buildNarrow()
  }

  private stretch(ticks: number): void {
    const last = this.runs.pop()
    if (last === null) return
    if (last.value + ticks > 0xffffffff) this.isBeyondTable = true
    this.runs.add(last.count - 1, last.value)
    this.runs.add(1, last.value + ticks)
    this.end += ticks
  }

  private squeeze(ticks: number): void {
    const taken: { count: number; value: number }[] = []
    let left = ticks
    while (left > 0) {
      const last = this.runs.pop()
      if (last === null) break
      const spare = Math.max(last.value - 1, 0)
      const whole = spare === 0 ? 0 : Math.min(Math.floor(left / spare), last.count)
      const rest = whole < last.count ? Math.min(left - whole * spare, spare) : 0
      const touched = whole + (rest > 0 ? 1 : 0)
      taken.push(
        { count: whole, value: last.value - spare },
        { count: rest > 0 ? 1 : 0, value: last.value - rest },
        { count: last.count - touched, value: last.value },
      )
      left -= whole * spare + rest
      if (spare === 0 && taken.length > MAX_RUNS_SQUEEZED) break
    }
    for (const run of taken.reverse()) this.runs.add(run.count, run.value)
    this.end -= ticks - left
  }
}

/** Samples of a tick each have nothing to give: looking for others far back in the part would be looking in vain. */
const MAX_RUNS_SQUEEZED = 12
