import { isProducerStep } from '../../domain/clip-timeline.js'
import { at } from '../../lib/at.js'
import { sortTimes } from '../../media/mp4/tables/presentation.js'
import type { OutlinedPart } from '../plan/clip-outline.js'

/** Comparable measures of the pictures in a response and of the listed fragments. */
export interface PartRows {
  /** Presentation times in ascending order. */
  readonly timesMs: Float64Array
  /** Median duration of a picture. */
  readonly usualMs: number
  /** Lower quartile of the durations of pictures. */
  readonly shortMs: number
  /** Maximum reordering delay: by how much the n-th picture in decoding order follows the n-th in presentation order. */
  readonly reorderedMs: number
  /** Total duration of the pictures, without holes. */
  readonly givenMs: number
  /** Minimum and maximum total duration of the listed fragments, without holes. */
  readonly leastMs: number
  readonly mostMs: number
  /** Differences up to this are ignored. */
  readonly toleranceMs: number
  /** Rows of the fragments that follow a hole in the listing. */
  readonly holes: readonly number[]
}

/** A pause longer than this many frames is a hole. A shorter one may be a late or lost frame. */
const MOST_FRAMES = 2.5

/** `shownMs` has the presentation times in decoding order. */
export function toPartRows(
  { producerStartsMs, lengthsMs }: Pick<OutlinedPart, 'producerStartsMs' | 'lengthsMs'>,
  { shownMs, hasSound }: { readonly shownMs: Float64Array; readonly hasSound: boolean },
): PartRows {
  const timesMs = sortTimes(shownMs)
  const distances = timesMs.subarray(1).map((timeMs, index) => timeMs - at(timesMs, index))
  const sorted = distances.toSorted()
  const [shortMs, usualMs] = [sorted[sorted.length >> 2] ?? 0, sorted[sorted.length >> 1] ?? 0]
  const holeMs = MOST_FRAMES * usualMs
  const givenMs = distances.reduce((sum, ms) => sum + (ms < holeMs ? ms : usualMs), usualMs)
  const reorderedMs = shownMs.reduce((most, timeMs, index) => Math.max(most, timeMs - at(timesMs, index)), 0)
  const holes: number[] = []
  let [leastMs, mostMs, shortestMs] = [0, 0, Number.POSITIVE_INFINITY]
  for (const [row, lengthMs] of lengthsMs.entries()) {
    const stepMs = (producerStartsMs[row + 1] ?? Number.NaN) - at(producerStartsMs, row)
    const isNext = isProducerStep(stepMs) && stepMs - lengthMs < holeMs
    if (!isNext && isProducerStep(stepMs)) holes.push(row + 1)
    // The listed length excludes the last frame, unless audio continues through it.
    leastMs += isNext ? stepMs : lengthMs + (hasSound ? 0 : usualMs)
    mostMs += isNext ? stepMs : lengthMs + usualMs
    shortestMs = Math.min(shortestMs, isNext ? stepMs : lengthMs)
  }
  const toleranceMs = Math.max(2 * usualMs, shortestMs / 2)
  return { timesMs, usualMs, shortMs, reorderedMs, givenMs, leastMs, mostMs, toleranceMs, holes }
}
