import { at } from '../../lib/at.js'

/** Rates of NTSC are these multiplied by 1000 / 1001. */
const NTSC_BASES = [24, 30, 48, 60, 120]
/** A distance that is longer than the usual one by this factor is a gap. */
const GAP = 1.5
/** H.264 and H.265 reorder at most 16 pictures. */
const MAX_REORDERED = 16

/**
 * Frames per second of a track, from the times of its frames in milliseconds, in decoding order. Times are rounded to milliseconds, so the
 * rate has a margin. The first match within it is returned: a rate of `declared` (by the container or the codec, which may be wrong), an
 * integer, a rate of NTSC. If there is none, for example at a variable rate, the mean. With fewer than two distinct times, the first
 * declared rate; null if there is none.
 */
export function estimateFrameRate(timesMs: Int32Array, declared: readonly number[] = []): number | null {
  const sorted = timesMs.toSorted()
  const instants = sorted.filter((time, index) => index === 0 || time !== sorted[index - 1])
  if (instants.length < 2) return round(declared[0])
  const whole = withoutRaggedEnds(instants, reordering(timesMs, instants))
  const spanMs = at(whole, whole.length - 1) - at(whole, 0)
  if (spanMs < 2) return round(declared[0])
  const rateOver = (ms: number) => ((whole.length - 1) * 1000) / ms
  const isWithin = (rate: number) => rate >= rateOver(spanMs + 1) && rate <= rateOver(spanMs - 1)
  const measured = rateOver(spanMs)
  const candidates = [...declared, Math.round(measured), ...NTSC_BASES.map((base) => (base * 1000) / 1001)]
  return round(candidates.find(isWithin) ?? measured)
}

function round(rate: number | undefined): number | null {
  return rate === undefined ? null : Number(rate.toFixed(3))
}

/** The largest distance of a frame from its rank in presentation order. */
function reordering(timesMs: Int32Array, instants: Int32Array): number {
  const ranks = new Map(Array.from(instants, (time, rank) => [time, rank]))
  const seen = new Set<number>()
  let farthest = 0
  for (const time of timesMs) {
    farthest = Math.max(farthest, Math.abs((ranks.get(time) ?? seen.size) - seen.size))
    seen.add(time)
  }
  return Math.min(farthest, MAX_REORDERED)
}

/**
 * If a fragment is cut among B-frames, some frames that are shown between its first or last frames are in the neighboring fragment. Drops
 * the times beyond such a gap.
 */
function withoutRaggedEnds(instants: Int32Array, reach: number): Int32Array {
  const rests = instants.subarray(1).map((time, index) => time - at(instants, index))
  const usual = at(rests.toSorted(), Math.floor((rests.length - 1) / 2))
  const isGap = (index: number) => at(rests, index) > GAP * usual
  let [start, end] = [0, rests.length]
  for (let index = 0; index < Math.min(reach, rests.length); index += 1) {
    if (isGap(index)) start = index + 1
    if (isGap(rests.length - 1 - index)) end = rests.length - 1 - index
  }
  return end > start ? instants.subarray(start, end + 1) : instants
}
