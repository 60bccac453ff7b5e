import type { Movie } from '../../media/mp4/movie.js'
import { findFirstKey } from '../../media/mp4/tables/pieces.js'
import type { ClipOutline } from '../plan/clip-outline.js'
import { type FragmentPictures, toFirstPicture } from '../verify/fragment-pictures.js'

/**
 * Returns the pictures that decide the layout of a clip if its first picture alone decides it. The head can then be sent before the edges
 * are fully read. Null if the layout depends on more: an exact cut, a join, a closed hole, a hidden start, or GOPs that may be open. The
 * decision does not depend on how much of the edges is known, so the layout does not either.
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
 * In H.264, only payloads distinguish an open GOP from a closed one, and the payloads of the last fragment arrive late. Without reordered
 * pictures, a GOP has no leading pictures, so it is closed.
 */
function hasClosedGops({ tracks }: Movie): boolean {
  const [video] = tracks
  if (video === undefined || !/^avc[13]$/.test(String.fromCharCode(...video.sampleEntry.subarray(4, 8)))) return true
  const offsets = video.samples.compositionOffsets
  return offsets === null || offsets.values.length <= 1
}
