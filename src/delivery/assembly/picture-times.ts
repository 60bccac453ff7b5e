import { sortTimes } from '../../media/mp4/decode-order.js'
import type { MovieTrack } from '../../media/mp4/movie.js'
import { keyFrameTimesMs, lastDuration, presentationTicks, toMs } from '../../media/mp4/presentation.js'
import { firstAtOrAfter } from './first-at-or-after.js'

/** How much a fragment may begin before its key frame: the sound that was muxed ahead of it. */
export const MUXING_LEAD_MS = 100
/** Matroska's clock ticks once a millisecond. */
export const ROUNDING_MS = 1
/** Key frames that are closer together cannot be told apart by a time that may be off. */
const ALONE_MS = 500

/** A key frame that was looked for. */
export interface FoundKey {
  readonly timeMs: number
  /** It stands where it was expected, to the millisecond. */
  readonly isExact: boolean
}

/** When the pictures of a movie are shown, in its milliseconds, and which of them are key frames. */
export class PictureTimes {
  /** How far from where it is expected a fragment's key frame may be. */
  readonly toleranceMs: number
  readonly frameMs: number
  readonly #shownMs: Float64Array
  readonly #keysMs: Float64Array

  constructor(video: MovieTrack) {
    const ticks = presentationTicks(video)
    this.frameMs = toMs(lastDuration(video.samples), video.timescale)
    this.toleranceMs = MUXING_LEAD_MS + this.frameMs
    this.#shownMs = sortTimes(ticks).map((time) => toMs(time, video.timescale))
    this.#keysMs = keyFrameTimesMs(video, ticks).sort()
  }

  /** Not a number when there is none. */
  get firstKeyMs(): number {
    return this.#keysMs[0] ?? Number.NaN
  }

  get beginsWithKey(): boolean {
    return this.firstKeyMs - (this.#shownMs[0] ?? Number.NaN) <= this.toleranceMs
  }

  get lastKeyMs(): number {
    return this.#keysMs.at(-1) ?? Number.NEGATIVE_INFINITY
  }

  get lastMs(): number {
    return this.#shownMs.at(-1) ?? Number.NEGATIVE_INFINITY
  }

  /** The key frame just at the time, or the one near it that has no other about. */
  findKey(expectedMs: number, { afterMs }: { readonly afterMs: number }): FoundKey | null {
    const exact = this.#keysWithin(expectedMs, ROUNDING_MS)[0]
    if (exact !== undefined && exact > afterMs) return { timeMs: exact, isExact: true }
    const [only, ...others] = this.#keysWithin(expectedMs, Math.max(ALONE_MS, 2 * this.toleranceMs)).filter((timeMs) => timeMs > afterMs)
    const isFound = only !== undefined && others.length === 0 && Math.abs(only - expectedMs) <= this.toleranceMs
    return isFound ? { timeMs: only, isExact: false } : null
  }

  /** The first picture after the time; null when there is none. */
  findShownAfter(timeMs: number): number | null {
    return this.#shownMs[firstAtOrAfter(this.#shownMs, timeMs + ROUNDING_MS)] ?? null
  }

  #keysWithin(timeMs: number, distanceMs: number): Float64Array {
    const from = firstAtOrAfter(this.#keysMs, timeMs - distanceMs)
    return this.#keysMs.subarray(from, firstAtOrAfter(this.#keysMs, timeMs + distanceMs + ROUNDING_MS / 2))
  }
}
