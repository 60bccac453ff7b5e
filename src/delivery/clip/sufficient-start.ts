import type { Movie } from '../../media/mp4/movie.js'
import { findFirstKey } from '../../media/mp4/tables/pieces.js'
import type { ClipOutline } from '../plan/clip-outline.js'
import { type FragmentPictures, toFirstPicture } from '../verify/fragment-pictures.js'

/**
 * The pictures that decide the layout of a clip when its first picture alone does, so that the head can be sent before the edges are
 * read to their end. Null when the layout depends on more: an exact cut, a join, a closed hole, a start that is to be hidden, or GOPs that
 * may be open. The decision is the same however much of the edges is known, and so is the layout.
 */
export function findSufficientStart(
  { spec, parts, timeline }: Pick<ClipOutline, 'spec' | 'parts' | 'timeline'>,
  movies: readonly Movie[],
  first: FragmentPictures | undefined,
): ReadonlyMap<number, FragmentPictures> | null {
  const [part, movie] = [parts[0], movies[0]]
  if (spec.cut === 'EXACT' || part === undefined || parts.length > 1 || part.fragmentCount < 2 || timeline.length > 1) return null
  if (movie === undefined || first === undefined || !first.keys.includes(0) || first.openKeys.includes(0)) return null
  return beginsWithSync(movie) && hasClosedGops(movie) ? new Map([[part.firstPlace, toFirstPicture(first)]]) : null
}

function beginsWithSync({ tracks }: Movie): boolean {
  return tracks[0] !== undefined && findFirstKey(tracks[0].pieces) === 0
}

/**
 * In H.264, only payloads tell an open GOP from a closed one, and the payloads of the last fragment come late. Without reordered pictures
 * a GOP has no leading pictures, so it is closed.
 */
function hasClosedGops({ tracks }: Movie): boolean {
  const [video] = tracks
  if (video === undefined || !/^avc[13]$/.test(String.fromCharCode(...video.sampleEntry.subarray(4, 8)))) return true
  const offsets = video.samples.compositionOffsets
  return offsets === null || offsets.values.length <= 1
}
