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

/** From which key frames pictures may be decoded: not every decoder can begin at the I-frame of an open GOP. */
export type KeyFrameKind = 'closed' | 'any'

/** By the producer's clock, when the first picture is shown that needs a key frame before those fragments; null when none does. */
export function findUncovered(fragments: readonly StartFragment[], startMs: EpochMs, kind: KeyFrameKind): EpochMs | null {
  const pictures = fragments.flatMap((fragment) => toStartPictures(fragment, kind))
  const shown = pictures.filter(({ clockMs }) => clockMs >= startMs)
  const firstMs = shown.reduce((first, { producerMs }) => Math.min(first, producerMs), Number.POSITIVE_INFINITY)
  // A key frame covers what is decoded and shown after it. Pictures behind it that are shown before it may need one before.
  const earliest = pictures.findIndex(({ producerMs }) => producerMs >= firstMs)
  const decodedBefore = earliest < 0 ? pictures : pictures.slice(0, earliest + 1)
  return decodedBefore.some(({ isKey, producerMs }) => isKey && producerMs <= firstMs) ? null : firstMs
}

function toStartPictures({ clockMs, producerMs, pictures }: StartFragment, kind: KeyFrameKind): StartPicture[] {
  const keys = new Set(keysOf(pictures, kind))
  return pictures.timesMs.map((timeMs, index) => ({
    clockMs: clockMs + timeMs,
    producerMs: producerMs + timeMs,
    isKey: keys.has(index),
  }))
}

function keysOf({ keys, openKeys }: FragmentPictures, kind: KeyFrameKind): readonly number[] {
  return kind === 'any' ? keys : keys.filter((key) => !openKeys.includes(key))
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
  { pictures, kind }: { readonly pictures: FragmentPictures; readonly kind: KeyFrameKind },
): boolean {
  const clockMs = startOf(fragment, fragmentSelectorType)
  return keysOf(pictures, kind).some((key) => {
    const timeMs = pictures.timesMs[key] ?? 0
    return fragment.producerTimestampMs + timeMs <= shownByMs && clockMs + timeMs >= startMs - MAX_LOOK_BACK_MS
  })
}
