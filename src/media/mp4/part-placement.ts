import type { PartFragment, PartTiming } from './part-timing.js'

/** A difference between the media's clock and the producer's that is a hole in the footage, and not the last frame's length. */
export const GAP_MS = 500
/** A hole longer than this is none, but a clock that was set. */
const LONGEST_GAP_MS = 24 * 3_600_000
/** How much a fragment may begin before its key frame: the sound that was muxed ahead of it. */
const MUXING_LEAD_MS = 100
/** Matroska's clock ticks once a millisecond: a muxer's guess at the last frame's length is off by as much. */
const ROUNDING_MS = 1

export interface PlacedPart {
  readonly timing: PartTiming
  /** Producer timestamps of the part's fragments, in the part's order; may be empty. */
  readonly fragments: readonly PartFragment[]
}

/**
 * How many milliseconds after the start of `previous` the part `next` starts. Its first frame stands at the end of the last frame before
 * it, unless the producer's clock says that there is a hole; a clock that went back, or more than a day ahead, says nothing.
 *
 * A file does not know how long its last frame lasts; the muxer guesses. The producer timestamps of the fragments do know, to the
 * millisecond, where fragments begin with their key frame. So they decide where several of them agree on both sides, or where they differ
 * from the guess by no more than rounding.
 */
export function placeNextPart(previous: PlacedPart, next: PlacedPart): number {
  const contiguous = Math.max(previous.timing.endMs, previous.timing.lastMs + ROUNDING_MS) - next.timing.firstMs
  const before = producerOffset(previous, 'end')
  const after = producerOffset(next, 'start')
  if (before === null || after === null) return contiguous
  const measured = after.offsetMs - before.offsetMs
  const difference = measured - contiguous
  if (difference > LONGEST_GAP_MS) return contiguous
  if (difference > GAP_MS) return measured
  const runsBack = measured + next.timing.firstMs <= previous.timing.lastMs
  if (runsBack || difference < -GAP_MS) return contiguous
  const isSure = Math.abs(difference) <= ROUNDING_MS || (before.isSure && after.isSure)
  return isSure ? measured : contiguous
}

interface ProducerOffset {
  /** Producer time at the part's start, in milliseconds. */
  readonly offsetMs: number
  /** Several fragments agree to the millisecond. */
  readonly isSure: boolean
}

/**
 * Fragments and key frames are matched from one side of the part, as far as they keep the same distance: Kinesis Video does not say
 * whether a GetClip answer keeps the holes of producer time. A fragment may begin with sound a little before its key frame, never
 * after it, so the largest distance is the right one.
 */
function producerOffset({ timing, fragments }: PlacedPart, side: 'start' | 'end'): ProducerOffset | null {
  const ordered = side === 'start' ? fragments : fragments.toReversed()
  const guesses = firstGuesses(timing, ordered[0], side)
  const [guess] = guesses
  if (guess === undefined) return null
  const isOneEach = timing.keyTimesMs.length === fragments.length
  const offsets = isOneEach ? pairedOffsets(timing, ordered, side) : matchedOffsets(timing, ordered, guesses)
  if (offsets.length === 0) return { offsetMs: guess, isSure: false }
  const offsetMs = Math.max(...offsets)
  return { offsetMs, isSure: offsets.filter((offset) => offsetMs - offset <= ROUNDING_MS).length > 1 }
}

/** As many key frames as fragments: each begins with its own, however close they stand. */
function pairedOffsets(timing: PartTiming, ordered: readonly PartFragment[], side: 'start' | 'end'): number[] {
  const keys = side === 'start' ? timing.keyTimesMs : timing.keyTimesMs.toReversed()
  const offsets = ordered.map(({ startMs }, index) => startMs - (keys[index] ?? 0))
  const tolerance = MUXING_LEAD_MS + timing.endMs - timing.lastMs
  const strays = offsets.findIndex((offset) => Math.abs(offset - (offsets[0] ?? 0)) > tolerance)
  return strays < 0 ? offsets : offsets.slice(0, strays)
}

function matchedOffsets(timing: PartTiming, ordered: readonly PartFragment[], guesses: readonly number[]): number[] {
  const offsets: number[] = []
  for (const { startMs } of ordered) {
    const known = offsets[0]
    const match = matchKeyFrame(timing, startMs, known === undefined ? guesses : [known])
    if (match === 'none') break
    if (match !== 'ambiguous') offsets.push(startMs - match)
  }
  return offsets
}

/** A fragment's length may or may not count its last frame: ListFragments was seen to leave it out. */
function firstGuesses(timing: PartTiming, fragment: PartFragment | undefined, side: 'start' | 'end'): number[] {
  const firstKey = timing.keyTimesMs[0]
  if (fragment === undefined || firstKey === undefined) return []
  if (side === 'start') return [fragment.startMs - firstKey]
  const fragmentEndMs = fragment.startMs + fragment.lengthMs
  return [fragmentEndMs - timing.lastMs, fragmentEndMs - timing.endMs]
}

/**
 * Time in the part of the key frame that the fragment begins with: one that is just where it is expected, or the only one far and
 * wide.
 */
function matchKeyFrame(timing: PartTiming, startMs: number, offsets: readonly number[]): number | 'ambiguous' | 'none' {
  const keys = offsets.flatMap((offset) => nearest(timing.keyTimesMs, startMs - offset) ?? [])
  // With key frames as close as a frame or two, a guess that is off by a frame would hit the wrong one just as exactly.
  const frameMs = timing.endMs - timing.lastMs
  const exact = keys.find(
    ({ awayMs, distanceToNextMs }) => awayMs <= ROUNDING_MS && (offsets.length === 1 || distanceToNextMs > 2.5 * frameMs),
  )
  if (exact !== undefined) return exact.timeMs
  const tolerance = MUXING_LEAD_MS + frameMs
  const [key] = keys
  if (key === undefined || key.awayMs > tolerance) return 'none'
  return key.distanceToNextMs > 2 * tolerance ? key.timeMs : 'ambiguous'
}

function nearest(times: Float64Array, wanted: number): { timeMs: number; awayMs: number; distanceToNextMs: number } | null {
  let low = 0
  let high = times.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((times[middle] ?? 0) < wanted) low = middle + 1
    else high = middle
  }
  const below = times[low - 1] ?? Number.NEGATIVE_INFINITY
  const above = times[low] ?? Number.POSITIVE_INFINITY
  const index = wanted - below <= above - wanted ? low - 1 : low
  const timeMs = times[index]
  if (timeMs === undefined) return null
  const before = timeMs - (times[index - 1] ?? Number.NEGATIVE_INFINITY)
  const after = (times[index + 1] ?? Number.POSITIVE_INFINITY) - timeMs
  return { timeMs, awayMs: Math.abs(timeMs - wanted), distanceToNextMs: Math.min(before, after) }
}
