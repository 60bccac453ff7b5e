import { ROWS_PER_STEP, type Steps } from '../../steps.js'
import type { Movie, MovieTrack, Runs } from '../movie.js'
import { rowAt } from '../tables/columns.js'
import { joinPieces } from '../tables/pieces.js'
import { placementOf, toMs, toTicks } from '../tables/presentation.js'
import { type Run, RunBuilder, sumRuns } from '../tables/runs.js'
import type { JoinedTrack } from './join-video.js'

/** Parts begin on the millisecond clock of Matroska. While they agree with the clock of the sound to that, the sound continues evenly. */
const CLOCK_ROUNDING_MS = 1
/** Samples of one tick cannot be shortened. The search for others stops after so many runs. */
const MAX_RUNS_SQUEEZED = 12

/**
 * Joins the sound of all parts. Works on runs, so that G.711, with a sample per byte, costs no more than AAC. The first sample of a part
 * plays when its part plays it: the last sample before a gap is stretched, and the last samples before an overlap are shortened, to one
 * tick at least. If that is not enough, the part is late until there is room again. Returns null if a gap is too long for a table.
 */
export function* joinAudio(movies: readonly Movie[], startsMs: Float64Array): Steps<JoinedTrack | null> {
  const tracks = movies.flatMap((movie) => movie.tracks[1] ?? [])
  const [first] = tracks
  const last = tracks.at(-1)
  if (first === undefined || last === undefined) return null
  const { timescale } = first
  const clock = new SoundClock(toTicks(CLOCK_ROUNDING_MS, timescale))
  for (const [part, track] of tracks.entries()) {
    if (track.samples.count === 0) continue
    clock.moveTo(toTicks(rowAt(startsMs, part), timescale) + placementOf(track).originTicks)
    const { counts, values } = track.samples.durations
    for (let run = 0; run < counts.length; run += 1) {
      clock.add(rowAt(counts, run), rowAt(values, run))
      if (run % ROWS_PER_STEP === ROWS_PER_STEP - 1) yield
    }
    yield
  }
  const durations = clock.build()
  if (durations === null) return null
  const count = tracks.reduce((total, { samples }) => total + samples.count, 0)
  const shownFromMs = Math.max(placementOf(first).delayMs, toMs(clock.start, timescale))
  const samples = { count, durations, compositionOffsets: null }
  return {
    track: { ...first, samples, pieces: joinPieces(movies, 1), edits: [] },
    shownFromMs,
    shownToMs: toMs(clock.end, timescale) - hiddenTailMs(last),
    mediaTime: toTicks(shownFromMs, timescale) - clock.start,
  }
}

/** What the edit list of the last part hides at its end. Less than a millisecond is a rounding error. */
function hiddenTailMs(track: MovieTrack): number {
  const { mediaTime, shownMs } = placementOf(track)
  const hiddenMs = toMs(sumRuns(track.samples.durations) - mediaTime, track.timescale) - shownMs
  return hiddenMs > 1 ? hiddenMs : 0
}

class SoundClock {
  readonly #runs = new RunBuilder()
  #isTooLong = false
  /** Ticks of the joined movie at the first sample, and after the last. */
  start = 0
  end = 0

  constructor(private readonly toleranceTicks: number) {}

  /** The next sample plays at `ticks`. */
  moveTo(ticks: number): void {
    if (this.#runs.length === 0) {
      this.start = ticks
      this.end = ticks
      return
    }
    const difference = ticks - this.end
    if (Math.abs(difference) <= this.toleranceTicks) return
    if (difference > 0) this.#stretch(difference)
    else this.#squeeze(-difference)
  }

  add(count: number, ticks: number): void {
    this.#runs.add(count, ticks)
    this.end += count * ticks
  }

  /** Null if a gap is too long for a table (2^32 ticks). */
  build(): Runs | null {
    return this.#isTooLong ? null : this.#runs.build()
  }

  #stretch(ticks: number): void {
    const raised = this.#runs.raiseLast(ticks)
    if (raised !== null && raised > 0xffffffff) this.#isTooLong = true
    this.end += ticks
  }

  #squeeze(ticks: number): void {
    const squeezed: Run[] = []
    let left = ticks
    while (left > 0) {
      const last = this.#runs.pop()
      if (last === null) break
      const spare = Math.max(last.value - 1, 0)
      const whole = spare === 0 ? 0 : Math.min(Math.floor(left / spare), last.count)
      const rest = whole < last.count ? Math.min(left - whole * spare, spare) : 0
      const shortened = whole + (rest > 0 ? 1 : 0)
      squeezed.push(
        { count: whole, value: last.value - spare },
        { count: rest > 0 ? 1 : 0, value: last.value - rest },
        { count: last.count - shortened, value: last.value },
      )
      left -= whole * spare + rest
      if (spare === 0 && squeezed.length > MAX_RUNS_SQUEEZED) break
    }
    for (const run of squeezed.reverse()) this.#runs.add(run.count, run.value)
    this.end -= ticks - left
  }
}
