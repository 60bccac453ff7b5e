import { at } from '../../lib/at.js'
import { leastBlockBytes } from '../../media/matroska/block.js'
import { NOT_KEY, OPEN_GOP_KEY, type SampleTable } from '../../media/matroska/sample-table.js'
import type { MatroskaTrack } from '../../media/matroska/track.js'

/** The pictures of one fragment, read from its Matroska. All arrays are in file order, which is the decoding order. */
export interface FragmentPictures {
  /** Presentation times in milliseconds, relative to the fragment's timestamp. May be negative. */
  readonly timesMs: readonly number[]
  /** Sizes in bytes. */
  readonly sizes: readonly number[]
  /** Indices of the key frames. */
  readonly keys: readonly number[]
  /** The subset of `keys` that are I-frames of open GOPs in H.264. Not every decoder can start at them. */
  readonly openKeys: readonly number[]
  /** Number of frames in the tracks that GetClip returns. */
  readonly frames: number
  /** Minimum size of these frames as Matroska blocks, in bytes. */
  readonly blockBytes: number
}

export const NO_PICTURES: FragmentPictures = { timesMs: [], sizes: [], keys: [], openKeys: [], frames: 0, blockBytes: 0 }

/** GetClip returns the video track and the audio track with the lowest numbers. */
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
