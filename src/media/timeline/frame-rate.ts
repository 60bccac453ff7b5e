/** Rates of NTSC's descent: these times 1000 / 1001. */
const NTSC_BASES = [24, 30, 48, 60, 120]
/** A rest so much longer than the usual one is a hole. */
const HOLE = 1.5
/** H.264 and H.265 hold back 16 pictures at most. */
const MAX_REORDERED = 16

/**
 * Frames a second, from the times of a track's frames in milliseconds, in decode order. Times are whole milliseconds, so that the rate is
 * known within a margin: the first of `declared` inside it is taken (what the container or the codec says need not be true), then a whole
 * rate, then one of NTSC's. Where frames come at varying distances it is their mean. Of fewer than two instants nothing is known but what
 * is declared; null where that is nothing.
 */
export function estimateFrameRate(timesMs: Int32Array, declared: readonly number[] = []): number | null {
  const sorted = timesMs.toSorted()
  const instants = sorted.filter((time, index) => index === 0 || time !== sorted[index - 1])
  if (instants.length < 2) return round(declared[0])
  const whole = withoutRaggedEnds(instants, reordering(timesMs, instants))
  const spanMs = (whole.at(-1) ?? 0) - (whole[0] ?? 0)
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

/** How far frames are, at most, from where they are shown among those that there are. */
function reordering(timesMs: Int32Array, instants: Int32Array): number {
  const ranks = new Map(Array.from(instants, (time, rank) => [time, rank]))
  const seen = new Set<number>()
  let farthest = 0
  for (const time of timesMs) {
    farthest = Math.max(farthest, Math.abs((ranks.get(time) ?? 0) - seen.size))
    seen.add(time)
  }
  return Math.min(farthest, MAX_REORDERED)
}

/**
 * Where a fragment is cut among B-frames, some that are shown between its own first or last ones are in the fragment before or after it.
 * What lies beyond such a hole is left out.
 */
function withoutRaggedEnds(instants: Int32Array, reach: number): Int32Array {
  const rests = instants.subarray(1).map((time, index) => time - (instants[index] ?? 0))
  const usual = rests.toSorted()[Math.floor((rests.length - 1) / 2)] ?? 0
  const isHole = (rest: number | undefined) => (rest ?? 0) > HOLE * usual
  let [start, end] = [0, rests.length]
  for (let index = 0; index < Math.min(reach, rests.length); index += 1) {
    if (isHole(rests[index])) start = index + 1
    if (isHole(rests[rests.length - 1 - index])) end = rests.length - 1 - index
  }
  return end > start ? instants.subarray(start, end + 1) : instants
}
