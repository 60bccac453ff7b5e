import { BYTES_PER_FRAGMENT, type FragmentColumns, firstRowAt, joinColumns, sliceColumns } from '../domain/fragment-columns.js'
import type { TimeRange } from '../domain/time-range.js'
import type { EpochMs } from '../lib/clock.js'

/** A stretch of time of which it is known what was archived in it. */
export interface Stretch {
  readonly range: TimeRange
  readonly columns: FragmentColumns
  /** Infinity: what is known of it never changes. */
  readonly expiresAtMs: EpochMs
}

/** What a stretch takes beside its rows. */
const BYTES_PER_STRETCH = 400

/** What is known of one stream by one clock: stretches that do not overlap, in order. */
export class StretchList {
  #stretches: Stretch[] = []

  get sizeBytes(): number {
    return this.#stretches.reduce((sum, { columns }) => sum + BYTES_PER_STRETCH + columns.count * BYTES_PER_FRAGMENT, 0)
  }

  /** The stretch that holds the instant. */
  find(instantMs: EpochMs, nowMs: EpochMs): Stretch | undefined {
    return this.#stretches.find(({ range, expiresAtMs }) => range.startMs <= instantMs && instantMs <= range.endMs && expiresAtMs > nowMs)
  }

  /** Where the next stretch behind the instant begins; Infinity when there is none. */
  nextStart(instantMs: EpochMs, nowMs: EpochMs): EpochMs {
    const next = this.#stretches.find(({ range, expiresAtMs }) => range.startMs > instantMs && expiresAtMs > nowMs)
    return next?.range.startMs ?? Number.POSITIVE_INFINITY
  }

  /** Takes the place of whatever was known of the same time. */
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

  /** Forgets what retention has taken; of a stretch that is only begun, when it is worth the copying. */
  forgetBefore(instantMs: EpochMs): void {
    const kept = this.#stretches.filter(({ range }) => range.endMs >= instantMs)
    const [first, ...rest] = kept
    const isWorthIt = first !== undefined && firstRowAt(first.columns, instantMs) > first.columns.count / 2
    this.#stretches = isWorthIt ? [cutBefore(first, instantMs), ...rest] : kept
  }

  /**
   * Neighbours that last become one, unless the earlier is more than twice as large: whoever asks each second then adds to a small one,
   * and a large one is copied seldom. There are never more than a few in a row.
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
    const merged = { range, columns: joinColumns([before.columns, after.columns]), expiresAtMs: Number.POSITIVE_INFINITY }
    this.#stretches.splice(place, 2, merged)
    return true
  }
}

function cutBefore({ range, columns, expiresAtMs }: Stretch, instantMs: EpochMs): Stretch {
  const kept = { startMs: instantMs, endMs: range.endMs }
  return { range: kept, columns: joinColumns([sliceColumns(columns, kept)]), expiresAtMs }
}
