// Whether the first picture of an exact cut can be decoded from what was planned, and which fragment before it has the key frame it needs.

import { MAX_LOOK_BACK_MS } from '../../domain/clip-plan.js'
import type { ListedFragment } from '../../domain/listed-fragment.js'
import { startOf } from '../../domain/listed-fragment.js'
import type { FragmentSelectorType } from '../../domain/time-range.js'
import type { EpochMs } from '../../lib/clock.js'
import type { FragmentPictures } from './fragment-pictures.js'

/** A picture at the start of a clip, in decode order, by both clocks. */
interface StartPicture {
  readonly clockMs: EpochMs
  readonly producerMs: EpochMs
  readonly isKey: boolean
}

export interface StartFragment {
  readonly clockMs: EpochMs
  readonly producerMs: EpochMs
  readonly pictures: FragmentPictures
}

/** By the producer's clock, when the first picture is shown that needs a key frame before those fragments; null when none does. */
export function findUncovered(fragments: readonly StartFragment[], startMs: EpochMs): EpochMs | null {
  const pictures = fragments.flatMap(toStartPictures)
  const shown = pictures.filter(({ clockMs }) => clockMs >= startMs)
  const firstMs = shown.reduce((first, { producerMs }) => Math.min(first, producerMs), Number.POSITIVE_INFINITY)
  // A key frame covers what is decoded and shown after it. Pictures behind it that are shown before it may need one before.
  const earliest = pictures.findIndex(({ producerMs }) => producerMs >= firstMs)
  const decodedBefore = earliest < 0 ? pictures : pictures.slice(0, earliest + 1)
  return decodedBefore.some(({ isKey, producerMs }) => isKey && producerMs <= firstMs) ? null : firstMs
}

function toStartPictures({ clockMs, producerMs, pictures }: StartFragment): StartPicture[] {
  const keys = new Set(pictures.keys)
  return pictures.timesMs.map((timeMs, index) => ({
    clockMs: clockMs + timeMs,
    producerMs: producerMs + timeMs,
    isKey: keys.has(index),
  }))
}

export interface WantedKeyFrame {
  readonly fragmentSelectorType: FragmentSelectorType
  readonly startMs: EpochMs
  /** What `findUncovered` said. */
  readonly shownByMs: EpochMs
}

/** Whether a fragment before the clip has a key frame that the first picture can be decoded from, within the footage that may be fetched. */
export function hasKeyFrameFor(
  { fragmentSelectorType, startMs, shownByMs }: WantedKeyFrame,
  fragment: ListedFragment,
  { keys, timesMs }: FragmentPictures,
): boolean {
  const clockMs = startOf(fragment, fragmentSelectorType)
  return keys.some((key) => {
    const timeMs = timesMs[key] ?? 0
    return fragment.producerTimestampMs + timeMs <= shownByMs && clockMs + timeMs >= startMs - MAX_LOOK_BACK_MS
  })
}
