/** Moves a sample may make on average before a general sort takes over: far more than any reordering of real codecs. */
const MOVES_PER_SAMPLE = 32

/**
 * Presentation times sorted into decode times: the i-th sample is decoded at the i-th smallest time. Reordering is local, so inserting is
 * linear; input that is not like that costs a general sort and no more.
 */
export function sortTimes(times: Float64Array): Float64Array {
  const sorted = times.slice()
  let movesLeft = MOVES_PER_SAMPLE * sorted.length
  for (let index = 1; index < sorted.length; index += 1) {
    const value = sorted[index] ?? 0
    let hole = index
    while (hole > 0 && (sorted[hole - 1] ?? 0) > value) {
      sorted[hole] = sorted[hole - 1] ?? 0
      hole -= 1
    }
    sorted[hole] = value
    movesLeft -= index - hole
    if (movesLeft < 0) return times.slice().sort()
  }
  return sorted
}
