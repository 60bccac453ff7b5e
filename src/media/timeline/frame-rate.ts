/** Rates of NTSC's descent: these times 1000 / 1001. */
const NTSC_BASES = [24, 30, 48, 60, 120]

/**
 * Frames a second, from the times of a track's frames in milliseconds, in any order. Times are whole milliseconds, so that the rate is
 * known within a margin; a whole rate inside it is taken for the one that was meant, then one of NTSC's. Where frames come at varying
 * distances it is their mean. Null when there are fewer than two instants.
 */
export function estimateFrameRate(timesMs: Int32Array): number | null {
  const sorted = timesMs.toSorted()
  const instants = sorted.filter((time, index) => index === 0 || time !== sorted[index - 1])
  const spanMs = (instants.at(-1) ?? 0) - (instants[0] ?? 0)
  if (instants.length < 2 || spanMs < 2) return null
  const rateOver = (ms: number) => ((instants.length - 1) * 1000) / ms
  const isWithin = (rate: number) => rate >= rateOver(spanMs + 1) && rate <= rateOver(spanMs - 1)
  const measured = rateOver(spanMs)
  const meant = [Math.round(measured), ...NTSC_BASES.map((base) => (base * 1000) / 1001)].find(isWithin)
  return Number((meant ?? measured).toFixed(3))
}
