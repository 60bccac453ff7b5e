// An exact cut's range in the time of its movie, and back. Time inside a fragment runs from the fragment's own timestamp, by either clock.

import type { TimeRange } from '../../domain/time-range.js'
import { type FragmentPlaces, fragmentAt } from './fragment-places.js'

/** Less than the distance of any two frames. */
const BARELY_MS = 0.5

/** The frames shown are those in [fromMs, toMs] of the movie. */
export function toExactWindow(places: FragmentPlaces, range: TimeRange): { readonly fromMs: number; readonly toMs: number } {
  return { fromMs: toFirstMs(places, range.startMs), toMs: toLastMs(places, range.endMs) }
}

/** In the first fragment that has the instant; what starts at it or later is shown from its first frame. */
function toFirstMs({ count, clockMs, blockMs, frameMs }: FragmentPlaces, startMs: number): number {
  for (let index = 0; index < count; index += 1) {
    const missingMs = startMs - (clockMs[index] ?? 0)
    const fromMs = (blockMs[index] ?? 0) + missingMs
    if (missingMs <= 0) return frameMs[index] ?? 0
    if (fromMs < (frameMs[index + 1] ?? Number.POSITIVE_INFINITY)) return fromMs
  }
  return Number.POSITIVE_INFINITY
}

/** In the last fragment, or in one before it where those after it have begun with sound only. */
function toLastMs({ count, clockMs, blockMs, frameMs }: FragmentPlaces, endMs: number): number {
  for (let index = count - 1; index >= 0; index -= 1) {
    const untilMs = (blockMs[index] ?? 0) + endMs - (clockMs[index] ?? 0)
    if (untilMs >= (frameMs[index] ?? 0)) return Math.min(untilMs, (frameMs[index + 1] ?? Number.POSITIVE_INFINITY) - BARELY_MS)
  }
  return Number.NEGATIVE_INFINITY
}

/** What is shown, by the clock of the selector: from the first frame to the end of the last. */
export function toDelivered(
  places: FragmentPlaces,
  shown: { readonly firstFrameMs: number; readonly lastFrameMs: number; readonly endMs: number },
): TimeRange {
  const instantOf = (movieMs: number, fragment: number) =>
    (places.clockMs[fragment] ?? 0) + Math.round(movieMs - (places.blockMs[fragment] ?? 0))
  return {
    startMs: instantOf(shown.firstFrameMs, fragmentAt(places, shown.firstFrameMs)),
    endMs: instantOf(shown.endMs, fragmentAt(places, shown.lastFrameMs)),
  }
}
