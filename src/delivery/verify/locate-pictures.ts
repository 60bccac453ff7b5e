import { at } from '../../lib/at.js'
import type { OutlinedPart } from '../plan/clip-outline.js'
import { ClipUnavailable } from '../serve/clip-unavailable.js'
import type { FragmentPictures } from './fragment-pictures.js'

/** The pictures of a fragment that was read. `firstSample` is the index of the first one among the video samples of the movie. */
export interface LocatedPictures {
  readonly place: number
  readonly firstSample: number
  readonly pictures: FragmentPictures
}

/**
 * Returns the pictures in sample order. `sampleCounts` is the number of pictures in each part. @throws ClipUnavailable if the pictures do
 * not match these numbers
 */
export function locatePictures(
  parts: readonly Pick<OutlinedPart, 'firstPlace' | 'fragmentCount'>[],
  sampleCounts: readonly number[],
  pictures: ReadonlyMap<number, FragmentPictures>,
): LocatedPictures[] {
  let firstSample = 0
  return parts.flatMap((part, index) => {
    const located = locateInPart(part, { firstSample, count: at(sampleCounts, index) }, pictures)
    firstSample += at(sampleCounts, index)
    return located
  })
}

/** Counts forward from the first fragment and backward from the last, as far as consecutive fragments were read. */
function locateInPart(
  { firstPlace, fragmentCount }: Pick<OutlinedPart, 'firstPlace' | 'fragmentCount'>,
  { firstSample, count }: { readonly firstSample: number; readonly count: number },
  pictures: ReadonlyMap<number, FragmentPictures>,
): LocatedPictures[] {
  const endPlace = firstPlace + fragmentCount
  const [head, tail]: [LocatedPictures[], LocatedPictures[]] = [[], []]
  let [from, to, place] = [firstSample, firstSample + count, firstPlace]
  for (let read = pictures.get(place); read !== undefined && place < endPlace; read = pictures.get(place)) {
    head.push({ place, firstSample: from, pictures: read })
    from += read.timesMs.length
    place += 1
  }
  let last = endPlace - 1
  for (let read = pictures.get(last); read !== undefined && last >= place; read = pictures.get(last)) {
    to -= read.timesMs.length
    tail.push({ place: last, firstSample: to, pictures: read })
    last -= 1
  }
  // If all fragments were read, their pictures must fill the part exactly. Otherwise other pictures may be between them.
  if (last < place ? from !== to : from > to) {
    throw new ClipUnavailable('FOOTAGE_CHANGED', 'Kinesis Video returned other pictures than those of the listed fragments.')
  }
  return [...head, ...tail.reverse()]
}
