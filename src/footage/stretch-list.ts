import { FootageIndex } from '../domain/footage-index.js'
import { BYTES_PER_FRAGMENT, firstRowAt, joinColumns, sliceColumns } from '../domain/fragment-columns.js'
import type { TimeRange } from '../domain/time-range.js'
import type { EpochMs } from '../lib/clock.js'

/** A listed stretch of time. */
export interface Stretch {
  readonly range: TimeRange
  readonly index: FootageIndex
  /** Infinity: the stretch is closed and does not change. */
  readonly expiresAtMs: EpochMs
}

/** Memory of a stretch without its rows, in bytes. */
const BYTES_PER_STRETCH = 400

/** The listed stretches of one stream by one clock, in order. They do not overlap. */
export class StretchList {
  #stretches: Stretch[] = []
  #sizeBytes = 0

  /** As of the last `recount`. */
  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** Returns the change of `sizeBytes`. */
  recount(): number {
    const before = this.#sizeBytes
    this.#sizeBytes = this.#stretches.reduce(
      (sum, { index }) => sum + BYTES_PER_STRETCH + index.columns.count * BYTES_PER_FRAGMENT + index.sizeBytes,
      0,
    )
    return this.#sizeBytes - before
  }

  /** The stretch that contains the instant. */
  find(instantMs: EpochMs, nowMs: EpochMs): Stretch | undefined {
    return this.#stretches.find(({ range, expiresAtMs }) => range.startMs <= instantMs && instantMs <= range.endMs && expiresAtMs > nowMs)
  }

  /** The start of the next stretch after the instant. Infinity if there is none. */
  nextStart(instantMs: EpochMs, nowMs: EpochMs): EpochMs {
    const next = this.#stretches.find(({ range, expiresAtMs }) => range.startMs > instantMs && expiresAtMs > nowMs)
    return next?.range.startMs ?? Number.POSITIVE_INFINITY
  }

  /** Replaces stretches that overlap. */
  add(stretch: Stretch, nowMs: EpochMs): void {
    const { startMs, endMs } = stretch.range
    const others = this.#stretches.filter(
      ({ range, expiresAtMs }) => expiresAtMs > nowMs && (range.endMs < startMs || range.startMs > endMs),
    )
    const place = others.findIndex(({ range }) => range.startMs > endMs)
    const at = place < 0 ? others.length : place
    this.#stretches = [...others.slice(0, at), stretch, ...others.slice(at)]
    this.#mergeAround(at)
  }

  /** Forgets expired footage. A stretch that expires in part is copied only when more than half of it has expired. */
  forgetBefore(instantMs: EpochMs): void {
    const kept = this.#stretches.filter(({ range }) => range.endMs >= instantMs)
    const [first, ...rest] = kept
    const isHalfExpired = first !== undefined && firstRowAt(first.index.columns, instantMs) > first.index.columns.count / 2
    this.#stretches = isHalfExpired ? [cutBefore(first, instantMs), ...rest] : kept
  }

  /**
   * Merges closed neighbours, unless the earlier one is more than twice as large. A caller that reads every second then extends a small
   * stretch, and a large one is rarely copied. The number of stretches stays logarithmic.
   */
  #mergeAround(at: number): void {
    this.#mergeAt(at)
    for (let place = at - 1; this.#mergeAt(place); ) place -= 1
  }

  #mergeAt(place: number): boolean {
    const [before, after] = [this.#stretches[place], this.#stretches[place + 1]]
    if (!before || !after || before.range.endMs + 1 !== after.range.startMs) return false
    if (before.expiresAtMs !== Number.POSITIVE_INFINITY || after.expiresAtMs !== Number.POSITIVE_INFINITY) return false
    const [earlier, later] = [before.index.columns, after.index.columns]
    if (earlier.count > 2 * later.count) return false
    const range = { startMs: before.range.startMs, endMs: after.range.endMs }
    const index = new FootageIndex(joinColumns([earlier, later]))
    this.#stretches.splice(place, 2, { range, index, expiresAtMs: Number.POSITIVE_INFINITY })
    return true
  }
}

function cutBefore({ range, index, expiresAtMs }: Stretch, instantMs: EpochMs): Stretch {
  const kept = { startMs: instantMs, endMs: range.endMs }
  return { range: kept, index: new FootageIndex(joinColumns([sliceColumns(index.columns, kept)])), expiresAtMs }
}
