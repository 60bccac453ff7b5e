// Where each listed fragment stands in the movie that was made of them: what turns an instant of either clock into a time of the movie.

import { firstAtOrAfter } from '../../domain/first-at-or-after.js'
import { joinArrays } from '../../domain/fragment-columns.js'
import type { PackedMovie } from '../../media/mp4/packed-movie.js'
import { lastDuration, packedKeyFrameTimesMs, toMs } from '../../media/mp4/presentation.js'
import type { Steps } from '../../media/steps.js'
import type { OutlinedPart } from './clip-outline.js'
import { MUXING_LEAD_MS, ROUNDING_MS } from './picture-times.js'
import { isProducerStep } from './producer-step.js'

/** One row a fragment, in playing order. */
export interface FragmentPlaces {
  readonly count: number
  /** Timestamps by the selector's clock, in epoch milliseconds. */
  readonly clockMs: Float64Array
  /** The first block, the instant that the timestamp is of, and the first frame, in milliseconds of the movie. */
  readonly blockMs: Float64Array
  readonly frameMs: Float64Array
}

/**
 * Fragments stand at their distances by the producer's clock. Where no key frame is found there, or others come before it (the clock was
 * set, or Kinesis Video did not keep a hole), a fragment stands at the key frame after the end of the one before it. `firstBlockMs`: the
 * first block of all, in the movie.
 */
export function* placeFragmentsInSteps(
  parts: readonly OutlinedPart[],
  { tracks: [video] }: PackedMovie,
  firstBlockMs: number,
): Steps<FragmentPlaces> {
  const producerMs = joinArrays(parts.map((part) => part.producerStartsMs))
  const lengthsMs = joinArrays(parts.map((part) => part.lengthsMs))
  const count = producerMs.length
  const keys = new KeyFrames(video === undefined ? new Float64Array(0) : (yield* packedKeyFrameTimesMs(video)).sort())
  const usualMs = video === undefined ? 0 : toMs(lastDuration(video.samples), video.timescale)
  const places = {
    count,
    clockMs: joinArrays(parts.map((part) => part.startsMs)),
    blockMs: new Float64Array(count),
    frameMs: new Float64Array(count),
  }
  for (let index = 0; index < count; index += 1) {
    const before = places.blockMs[index - 1] ?? firstBlockMs
    const stepMs = index === 0 ? 0 : (producerMs[index] ?? 0) - (producerMs[index - 1] ?? 0)
    const followsMs = before + (lengthsMs[index - 1] ?? 0) + usualMs
    const isHoleFull = index > 0 && keys.isAnyBetween(followsMs - usualMs / 2, before + stepMs - MUXING_LEAD_MS - usualMs)
    const isStep = index === 0 || (isProducerStep(stepMs) && !isHoleFull)
    const byClock = isStep ? keys.find(before + stepMs, { leadMs: MUXING_LEAD_MS + usualMs }) : null
    const following = byClock ?? keys.find(followsMs - usualMs, { leadMs: MUXING_LEAD_MS + usualMs })
    places.blockMs[index] = byClock !== null || following === null ? before + (isStep ? stepMs : followsMs - before) : following
    places.frameMs[index] = following ?? places.blockMs[index] ?? 0
  }
  return places
}

/** The last fragment whose first frame is shown by then. */
export function fragmentAt({ frameMs, count }: FragmentPlaces, movieMs: number): number {
  return Math.max(0, firstAtOrAfter(frameMs, movieMs + ROUNDING_MS / 2, count) - 1)
}

class KeyFrames {
  readonly #timesMs: Float64Array

  /** Ascending. */
  constructor(timesMs: Float64Array) {
    this.#timesMs = timesMs
  }

  /** The key frame at the time or a little after it; null when there is none. */
  find(timeMs: number, { leadMs }: { readonly leadMs: number }): number | null {
    const found = this.#timesMs[firstAtOrAfter(this.#timesMs, timeMs - ROUNDING_MS)]
    return found !== undefined && found <= timeMs + leadMs ? found : null
  }

  isAnyBetween(fromMs: number, untilMs: number): boolean {
    const found = this.#timesMs[firstAtOrAfter(this.#timesMs, fromMs)]
    return found !== undefined && found < untilMs
  }
}

/** The fragment that begins at the instant, or the first that begins after it. */
export function fragmentFrom({ clockMs, count }: FragmentPlaces, instantMs: number): number {
  return Math.min(firstAtOrAfter(clockMs, instantMs, count), count - 1)
}
