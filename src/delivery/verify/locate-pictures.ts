import { at } from '../../lib/at.js'
import type { OutlinedPart } from '../plan/clip-outline.js'
import { ClipUnavailable } from '../serve/clip-unavailable.js'
import type { FragmentPictures } from './fragment-pictures.js'

/** Pictures of a fragment that was read, and the number of their first sample in the video of the movie. */
export interface LocatedPictures {
  readonly place: number
  readonly firstSample: number
  readonly pictures: FragmentPictures
}

/** In the order of the samples. `sampleCounts`: how many pictures each part has. @throws ClipUnavailable where the parts hold fewer */
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

/** From its first fragment on as far as they were read, and from its last one back. */
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
  // All of them were read, or others lie between.
  if (last < place ? from !== to : from > to) throw otherPictures()
  return [...head, ...tail.reverse()]
}

function otherPictures(): ClipUnavailable {
  return new ClipUnavailable('FOOTAGE_CHANGED', 'Kinesis Video returned other pictures than those of the listed fragments.')
}
