/** Binary search: the number of leading indexes for which the predicate holds. It must hold for all of them and for none after them. */
export function partitionPoint(count: number, holdsAt: (index: number) => boolean): number {
  let [low, high] = [0, count]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (holdsAt(middle)) low = middle + 1
    else high = middle
  }
  return low
}
