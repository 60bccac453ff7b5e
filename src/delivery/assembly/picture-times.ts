import { firstAtOrAfter } from '../../domain/first-at-or-after.js'
import { sortTimes } from '../../media/mp4/decode-order.js'
import type { MovieTrack } from '../../media/mp4/movie.js'
import { allToMs, keyFrameTimesMs, lastDuration, presentationTicks, toMs } from '../../media/mp4/presentation.js'

/** How much a fragment may begin before its key frame: the sound that was muxed ahead of it. */
export const MUXING_LEAD_MS = 100
/** Matroska's clock ticks once a millisecond. */
export const ROUNDING_MS = 1
/** Key frames that are closer together cannot be told apart by a time that may be off. */
const ALONE_MS = 500

/** A pause of more frames than this is a hole: a frame may come late, or be lost. */
export const MOST_FRAMES = 2

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
  /** How long there are pictures, without the holes between them. */
  readonly filledMs: number
  /** When the key frames are shown, in decode order. */
  readonly decodedKeysMs: Float64Array
  readonly #firstMs: number
  readonly #shownMs: Float64Array
  readonly #keysMs: Float64Array

  constructor(video: MovieTrack) {
    const ticks = presentationTicks(video)
    this.frameMs = toMs(lastDuration(video.samples), video.timescale)
    this.toleranceMs = MUXING_LEAD_MS + this.frameMs
    this.#firstMs = toMs(ticks[0] ?? Number.NaN, video.timescale)
    this.#shownMs = allToMs(sortTimes(ticks), video.timescale)
    this.filledMs = this.#sumFilledMs()
    this.decodedKeysMs = keyFrameTimesMs(video, ticks)
    this.#keysMs = this.decodedKeysMs.toSorted()
  }

  /** Not a number when there is none. */
  get firstKeyMs(): number {
    return this.#keysMs[0] ?? Number.NaN
  }

  /** Whether the picture that is decoded first is a key frame, and is shown at the time, before all others. */
  beginsWithKeyAt(timeMs: number): boolean {
    const isFirst = this.#firstMs === this.firstKeyMs && this.firstKeyMs === this.#shownMs[0]
    return isFirst && this.firstKeyMs - timeMs <= this.toleranceMs
  }

  get lastKeyMs(): number {
    return this.#keysMs.at(-1) ?? Number.NEGATIVE_INFINITY
  }

  get lastMs(): number {
    return this.#shownMs.at(-1) ?? Number.NEGATIVE_INFINITY
  }

  /** The key frame about the time that has no other about it: else a hole as short as their distance would make one of the other. */
  findKey(expectedMs: number): FoundKey | null {
    const [timeMs, ...others] = this.#keysWithin(expectedMs, this.toleranceMs)
    if (timeMs === undefined || others.length > 0) return null
    const isAlone = this.#keysWithin(timeMs, Math.max(ALONE_MS, 2 * this.toleranceMs)).length === 1
    return isAlone ? { timeMs, isExact: Math.abs(timeMs - expectedMs) <= ROUNDING_MS } : null
  }

  /** The first picture after the time; null when there is none. */
  findShownAfter(timeMs: number): number | null {
    return this.#shownMs[firstAtOrAfter(this.#shownMs, timeMs + ROUNDING_MS)] ?? null
  }

  #sumFilledMs(): number {
    let sumMs = this.#shownMs.length > 0 ? this.frameMs : 0
    for (let index = 1; index < this.#shownMs.length; index += 1) {
      const lastsMs = (this.#shownMs[index] ?? 0) - (this.#shownMs[index - 1] ?? 0)
      sumMs += lastsMs > MOST_FRAMES * this.frameMs ? this.frameMs : lastsMs
    }
    return sumMs
  }

  #keysWithin(timeMs: number, distanceMs: number): Float64Array {
    const from = firstAtOrAfter(this.#keysMs, timeMs - distanceMs)
    return this.#keysMs.subarray(from, firstAtOrAfter(this.#keysMs, timeMs + distanceMs + ROUNDING_MS / 2))
  }
}
