// Whether the first picture of an exact cut can be decoded from the fragments that were read.

import { MAX_LOOK_BACK_MS } from '../../domain/clip-plan.js'
import type { EpochMs } from '../../lib/clock.js'
import type { FragmentPictures } from './fragment-pictures.js'

/** A picture near the start of a clip, with its time by both clocks. */
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

/** The key frames at which decoding may start. Not every decoder can start at the I-frame of an open GOP. */
export type KeyFrameKind = 'closed' | 'any'

export function keysOf({ keys, openKeys }: FragmentPictures, kind: KeyFrameKind): readonly number[] {
  return kind === 'any' ? keys : keys.filter((key) => !openKeys.includes(key))
}

/**
 * `first`: the fragments have the key frame that the first picture of the clip needs. `perhaps`: the key frame is the first picture itself,
 * unless the next fragment has a picture that is shown before it. `none`: an earlier key frame is needed.
 */
export type Decodability = 'first' | 'perhaps' | 'none'

/** `fragments` are consecutive and in playing order. */
export function findDecodability(fragments: readonly StartFragment[], startMs: EpochMs, kind: KeyFrameKind): Decodability {
  const pictures = fragments.flatMap((fragment) => toStartPictures(fragment, kind))
  const shown = pictures.filter(({ clockMs }) => clockMs >= startMs)
  const firstMs = shown.reduce((first, { producerMs }) => Math.min(first, producerMs), Number.POSITIVE_INFINITY)
  // A key frame is sufficient for pictures that follow it in both decoding and presentation order. Its leading pictures may need an earlier
  // key frame.
  const earliest = pictures.findIndex(({ producerMs }) => producerMs >= firstMs)
  const decodedBefore = earliest < 0 ? pictures : pictures.slice(0, earliest + 1)
  const isUsable = ({ isKey, producerMs, clockMs }: StartPicture) => isKey && producerMs <= firstMs && clockMs >= startMs - MAX_LOOK_BACK_MS
  if (!decodedBefore.some(isUsable)) return 'none'
  if (decodedBefore.some((picture) => isUsable(picture) && picture.clockMs <= startMs)) return 'first'
  // Leading pictures directly follow their key frame in decoding order, before any picture that is shown after it.
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
