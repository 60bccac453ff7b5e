/** Index of the first that is not less than what is wanted, among the first `count`; `count` when there is none. */
export function firstAtOrAfter(sorted: Float64Array, wanted: number, count = sorted.length): number {
  let [low, high] = [0, count]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] ?? 0) < wanted) low = middle + 1
    else high = middle
  }
  return low
}
