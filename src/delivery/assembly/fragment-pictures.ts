import { NOT_KEY, OPEN_GOP_KEY, type SampleTable } from '../../media/matroska/sample-table.js'
import type { MatroskaTrack } from '../../media/matroska/track.js'

/** What the Matroska of one fragment says of its pictures: a row for each, in the order of the file, which is that of decoding. */
export interface FragmentPictures {
  /** When each is shown, in milliseconds from the fragment's timestamp. Negative is legal. */
  readonly timesMs: readonly number[]
  /** Bytes of each. */
  readonly sizes: readonly number[]
  /** Numbers of those that are key frames, from 0. */
  readonly keys: readonly number[]
  /** Those among `keys` that are I-frames of open GOPs in H.264, where not every decoder can begin. */
  readonly openKeys: readonly number[]
}

export const NO_PICTURES: FragmentPictures = { timesMs: [], sizes: [], keys: [], openKeys: [] }

/** GetClip takes the video track with the lowest number. */
export function toPictures(tracks: readonly MatroskaTrack[], samples: SampleTable): FragmentPictures {
  const numbers = tracks.flatMap(({ type, number }) => (type === 'video' ? [number] : []))
  if (numbers.length === 0) return NO_PICTURES
  const video = Math.min(...numbers)
  const pictures = { timesMs: [] as number[], sizes: [] as number[], keys: [] as number[], openKeys: [] as number[] }
  for (let row = 0; row < samples.count; row += 1) {
    if (samples.tracks[row] !== video) continue
    if (samples.keys[row] !== NOT_KEY) pictures.keys.push(pictures.timesMs.length)
    if (samples.keys[row] === OPEN_GOP_KEY) pictures.openKeys.push(pictures.timesMs.length)
    pictures.timesMs.push(samples.times[row] ?? 0)
    pictures.sizes.push(samples.sizes[row] ?? 0)
  }
  return pictures
}
