import type { PartClock, PartTiming } from './part-timing.js'

/** A hole longer than this is none, but a clock that was set. */
const LONGEST_GAP_MS = 24 * 3_600_000
/** Matroska's clock ticks once a millisecond. */
const ROUNDING_MS = 1
/** H.264 and H.265 hold back 16 pictures at most for reordering: frames of neighbouring parts interleave by no more. */
const MAX_REORDERED_FRAMES = 16

export interface PlacedPart {
  readonly timing: PartTiming
  /** Null when nothing is known of the producer's clock. */
  readonly clock: PartClock | null
}

/**
 * How many milliseconds after the start of `previous` the part `next` starts: what the producer's clock says of the samples at the border.
 * Where that clock went back, or more than a day ahead, the first frame of `next` stands at the end of the last one before it.
 */
export function placeNextPart(previous: PlacedPart, next: PlacedPart): number {
  const contiguous = Math.max(previous.timing.endMs, previous.timing.lastMs + ROUNDING_MS) - next.timing.firstMs
  if (previous.clock === null || next.clock === null) return contiguous
  const stepMs = next.clock.firstSampleMs - previous.clock.lastSampleMs
  const measured = previous.timing.lastSampleMs + stepMs - next.timing.firstSampleMs
  return measured - contiguous > LONGEST_GAP_MS || runsBack(previous.timing, next.timing, measured) ? contiguous : measured
}

/** Whether frames would be shown among those of the part before. After a key frame nothing is shown that was decoded before it. */
function runsBack(previous: PartTiming, next: PartTiming, startMs: number): boolean {
  if (next.beginsWithKey) return startMs + next.firstSampleMs <= previous.lastMs
  // Of a part with one frame, how long that lasts is a guess.
  const frameMs = Math.max(previous.endMs - previous.lastMs, next.endMs - next.lastMs)
  return startMs + next.firstMs < previous.lastMs - MAX_REORDERED_FRAMES * frameMs
}
