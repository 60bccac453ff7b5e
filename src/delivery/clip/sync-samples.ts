// Finds the sync samples of a clip's video, where players may start to decode. Kinesis Video marks the key frames of the container, which
// include the I-frames of open GOPs. Only payloads show which pictures are IDR pictures, and the payloads of only some fragments are read.

import type { Column, MovieTrack, TrackPiece } from '../../media/mp4/movie.js'
import { narrow } from '../../media/mp4/tables/columns.js'
import type { Steps } from '../../media/steps.js'
import type { LocatedPictures } from '../verify/locate-pictures.js'

export interface SyncChoices {
  /** The video with only those sync samples at which every decoder can start. */
  readonly closed: MovieTrack
  /** The video with the I-frames of open GOPs as sync samples too. Null if none was found. */
  readonly open: MovieTrack | null
}

/** `sampleCounts` is the number of pictures in each part. */
export function* findSyncSamples(
  video: MovieTrack,
  located: readonly LocatedPictures[],
  sampleCounts: readonly number[],
): Steps<SyncChoices> {
  const openKeys = new Set(located.flatMap(({ firstSample, pictures }) => pictures.openKeys.map((key) => firstSample + key)))
  if (openKeys.size === 0) return { closed: video, open: null }
  const readKeys = new Set(located.flatMap(({ firstSample, pictures }) => pictures.keys.map((key) => firstSample + key)))
  const [closed, open]: [TrackPiece[], TrackPiece[]] = [[], []]
  const unclear = new UnclearKeys(toMarked(video), openKeys, sampleCounts)
  let first = 0
  for (const piece of video.pieces) {
    const end = first + piece.count
    const here = [...readKeys].filter((key) => key >= first && key < end)
    // Kinesis Video may not have marked all key frames that were read.
    const all = [...new Set([...markedIn(piece, first), ...here])].sort((a, b) => a - b)
    const sure = all.filter((key) => !openKeys.has(key) && (readKeys.has(key) || !unclear.has(key)))
    closed.push({ ...piece, keys: toColumn(sure, first) })
    open.push({ ...piece, keys: toColumn(all, first) })
    first = end
    yield
  }
  return { closed: { ...video, pieces: closed }, open: { ...video, pieces: open } }
}

/** Sync samples of parts whose marks may be wrong. If an I-frame of an open GOP is marked, the marks of its part follow the container. */
class UnclearKeys {
  readonly #parts: { readonly from: number; readonly to: number }[] = []

  constructor(marked: readonly number[], openKeys: ReadonlySet<number>, sampleCounts: readonly number[]) {
    const markedOpen = marked.filter((key) => openKeys.has(key))
    let from = 0
    for (const count of sampleCounts) {
      const to = from + count
      if (markedOpen.some((key) => key >= from && key < to)) this.#parts.push({ from, to })
      from = to
    }
  }

  has(key: number): boolean {
    return this.#parts.some(({ from, to }) => key >= from && key < to)
  }
}

function toMarked({ pieces }: MovieTrack): number[] {
  let first = 0
  return pieces.flatMap((piece) => {
    const marked = markedIn(piece, first)
    first += piece.count
    return marked
  })
}

function markedIn({ keys, count }: TrackPiece, first: number): number[] {
  return keys === null ? Array.from({ length: count }, (_, index) => first + index) : Array.from(keys, (key) => first + key)
}

function toColumn(keys: readonly number[], first: number): Column {
  return narrow(keys.map((key) => key - first))
}
