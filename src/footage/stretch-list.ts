import { BYTES_PER_FRAGMENT, type FragmentColumns, firstRowAt, joinColumns, sliceColumns } from '../domain/fragment-columns.js'
import type { TimeRange } from '../domain/time-range.js'
import type { EpochMs } from '../lib/clock.js'

export interface Stretch {
  readonly range: TimeRange
  readonly columns: FragmentColumns
  /** Infinity: the stretch is closed and does not change. */
  readonly expiresAtMs: EpochMs
}

/** Memory of a stretch without its rows, in bytes. */
const BYTES_PER_STRETCH = 400

/** The listed stretches of one stream by one clock, in order. They do not overlap. */
export class StretchList {
  #stretches: Stretch[] = []

  get sizeBytes(): number {
    return this.#stretches.reduce((sum, { columns }) => sum + BYTES_PER_STRETCH + columns.count * BYTES_PER_FRAGMENT, 0)
  }

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
    const isHalfExpired = first !== undefined && firstRowAt(first.columns, instantMs) > first.columns.count / 2
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
    if (before.columns.count > 2 * after.columns.count) return false
    const range = { startMs: before.range.startMs, endMs: after.range.endMs }
    const columns = joinColumns([before.columns, after.columns])
    this.#stretches.splice(place, 2, { range, columns, expiresAtMs: Number.POSITIVE_INFINITY })
    return true
  }
}

function cutBefore({ range, columns, expiresAtMs }: Stretch, instantMs: EpochMs): Stretch {
  const kept = { startMs: instantMs, endMs: range.endMs }
  return { range: kept, columns: joinColumns([sliceColumns(columns, kept)]), expiresAtMs }
}
