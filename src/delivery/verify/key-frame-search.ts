// Whether the first picture of an exact cut can be decoded from the fragments that were read.

import { MAX_LOOK_BACK_MS } from '../../domain/clip-plan.js'
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

export function keysOf({ keys, openKeys }: FragmentPictures, kind: KeyFrameKind): readonly number[] {
  return kind === 'any' ? keys : keys.filter((key) => !openKeys.includes(key))
}

/**
 * `first`: a key frame among them is decoded before the first picture and shown no later. `perhaps`: that key frame may be the first
 * picture itself, unless what is decoded behind them is shown before it. `none`: a key frame before them is needed.
 */
export type Decodability = 'first' | 'perhaps' | 'none'

/** `fragments` follow each other in playing order. */
export function findDecodability(fragments: readonly StartFragment[], startMs: EpochMs, kind: KeyFrameKind): Decodability {
  const pictures = fragments.flatMap((fragment) => toStartPictures(fragment, kind))
  const shown = pictures.filter(({ clockMs }) => clockMs >= startMs)
  const firstMs = shown.reduce((first, { producerMs }) => Math.min(first, producerMs), Number.POSITIVE_INFINITY)
  // A key frame covers what is decoded and shown after it. Pictures behind it that are shown before it may need one before.
  const earliest = pictures.findIndex(({ producerMs }) => producerMs >= firstMs)
  const decodedBefore = earliest < 0 ? pictures : pictures.slice(0, earliest + 1)
  const isUsable = ({ isKey, producerMs, clockMs }: StartPicture) => isKey && producerMs <= firstMs && clockMs >= startMs - MAX_LOOK_BACK_MS
  if (!decodedBefore.some(isUsable)) return 'none'
  if (decodedBefore.some((picture) => isUsable(picture) && picture.clockMs <= startMs)) return 'first'
  // Pictures that are shown before a key frame are decoded next behind it, before any that is shown after it.
  return pictures.slice(earliest + 1).some(({ producerMs }) => producerMs > firstMs) ? 'first' : 'perhaps'
}

function toStartPictures({ clockMs, producerMs, pictures }: StartFragment, kind: KeyFrameKind): StartPicture[] {
  const keys = new Set(keysOf(pictures, kind))
  return pictures.timesMs.map((timeMs, index) => ({
    clockMs: clockMs + timeMs,
    producerMs: producerMs + timeMs,
    isKey: keys.has(index),
  }))
}
