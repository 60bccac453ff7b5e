import { at } from '../../lib/at.js'
import { leastBlockBytes } from '../../media/matroska/block.js'
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
  /** Frames of all tracks that GetClip takes, and the least that they take in a Cluster. */
  readonly frames: number
  readonly blockBytes: number
}

export const NO_PICTURES: FragmentPictures = { timesMs: [], sizes: [], keys: [], openKeys: [], frames: 0, blockBytes: 0 }

/** GetClip takes the tracks of video and of sound with the lowest numbers. */
export function toPictures(tracks: readonly MatroskaTrack[], samples: SampleTable): FragmentPictures {
  const [video, sound] = [lowest(tracks, 'video'), lowest(tracks, 'audio')]
  if (video === undefined) return NO_PICTURES
  const lists = { timesMs: [] as number[], sizes: [] as number[], keys: [] as number[], openKeys: [] as number[] }
  const pictures = { ...lists, frames: 0, blockBytes: 0 }
  for (let row = 0; row < samples.count; row += 1) {
    if (samples.tracks[row] !== video && samples.tracks[row] !== sound) continue
    pictures.frames += 1
    pictures.blockBytes += leastBlockBytes(at(samples.sizes, row))
    if (samples.tracks[row] !== video) continue
    if (samples.keys[row] !== NOT_KEY) pictures.keys.push(pictures.timesMs.length)
    if (samples.keys[row] === OPEN_GOP_KEY) pictures.openKeys.push(pictures.timesMs.length)
    pictures.timesMs.push(at(samples.times, row))
    pictures.sizes.push(at(samples.sizes, row))
  }
  return pictures
}

/** What is said of the first picture alone. */
export function toFirstPicture({ timesMs, sizes, keys, openKeys }: FragmentPictures): FragmentPictures {
  const isFirst = (number: number) => number === 0
  return {
    ...NO_PICTURES,
    timesMs: timesMs.slice(0, 1),
    sizes: sizes.slice(0, 1),
    keys: keys.filter(isFirst),
    openKeys: openKeys.filter(isFirst),
  }
}

function lowest(tracks: readonly MatroskaTrack[], type: MatroskaTrack['type']): number | undefined {
  return tracks.flatMap((track) => (track.type === type ? [track.number] : [])).sort((a, b) => a - b)[0]
}
