import { type FragmentPlaces, instantAt } from './fragment-places.js'
import type { LocatedPictures } from './locate-pictures.js'

/** When pictures are shown by the selector's clock, one after the other in decode order. */
export class PictureInstants {
  readonly #places: FragmentPlaces
  readonly #located: readonly LocatedPictures[]
  /** The fragment that was read which holds the picture, or the next one that was read. */
  #at = 0

  constructor(places: FragmentPlaces, located: readonly LocatedPictures[]) {
    this.#places = places
    this.#located = located
  }

  /** Samples must be asked for in their order. */
  of(sample: number, movieMs: number): number {
    let read = this.#located[this.#at]
    while (read !== undefined && sample >= read.firstSample + read.pictures.timesMs.length) {
      this.#at += 1
      read = this.#located[this.#at]
    }
    const { firstPlace, clockMs } = this.#places
    if (read !== undefined && sample >= read.firstSample) {
      return (clockMs[read.place - firstPlace] ?? 0) + (read.pictures.timesMs[sample - read.firstSample] ?? 0)
    }
    return instantAt(this.#places, this.#rowBetween(movieMs), movieMs)
  }

  /** Of the fragments between those that were read, the last one whose timestamp has come by then. */
  #rowBetween(movieMs: number): number {
    const { firstPlace, originMs, count } = this.#places
    const [before, behind] = [this.#located[this.#at - 1], this.#located[this.#at]]
    let low = before ? before.place - firstPlace + 1 : 0
    let high = Math.max(low, (behind ? behind.place - firstPlace : count) - 1)
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if ((originMs[middle] ?? 0) <= movieMs + 0.5) low = middle
      else high = middle - 1
    }
    return low
  }
}
