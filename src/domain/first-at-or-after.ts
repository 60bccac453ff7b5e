import { at } from '../lib/at.js'
import { partitionPoint } from '../lib/partition-point.js'

/** Index of the first of the leading `count` elements that is not less than `wanted`. `count` if there is none. */
export function firstAtOrAfter(sorted: ArrayLike<number>, wanted: number, count = sorted.length): number {
  return partitionPoint(count, (index) => at(sorted, index) < wanted)
}
