import { at } from '../../lib/at.js'
import { sortTimes } from '../../media/mp4/tables/presentation.js'
import type { OutlinedPart } from '../plan/clip-outline.js'

/** The pictures of an answer and the fragments that were listed, measured in the same way. */
export interface PartRows {
  /** When pictures are shown, in the order of showing. */
  readonly timesMs: Float64Array
  /** How long one picture usually stands. */
  readonly usualMs: number
  /** Three pictures of four stand for so long or longer. */
  readonly shortMs: number
  /** By how much a picture is shown, at most, after others that are decoded behind it. */
  readonly reorderedMs: number
  /** How long there are pictures, and how long fragments were listed at least and at most; without holes. */
  readonly givenMs: number
  readonly leastMs: number
  readonly mostMs: number
  readonly toleranceMs: number
  /** Fragments that a hole is listed before. */
  readonly holes: readonly number[]
}

/** What lasts longer than so many frames is a hole: a frame may come late, or be lost. */
const MOST_FRAMES = 2.5

/** `shownMs`: when the pictures are shown, in decode order. */
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
    // The last frame's own length is not listed, but where sound goes on through it.
    leastMs += isNext ? stepMs : lengthMs + (hasSound ? 0 : usualMs)
    mostMs += isNext ? stepMs : lengthMs + usualMs
    shortestMs = Math.min(shortestMs, isNext ? stepMs : lengthMs)
  }
  const toleranceMs = Math.max(2 * usualMs, shortestMs / 2)
  return { timesMs, usualMs, shortMs, reorderedMs, givenMs, leastMs, mostMs, toleranceMs, holes }
}

/** A step of the producer's clock beyond this is no hole in the footage but a clock that was set. */
const MAX_STEP_MS = 24 * 3_600_000

/** Whether footage may have gone on so much later: not where the clock went back, or was set. */
export function isProducerStep(stepMs: number): boolean {
  return stepMs > 0 && stepMs <= MAX_STEP_MS
}
