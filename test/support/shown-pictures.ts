import type { Sample } from 'mp4box'
import { md5, readWithMp4box } from './mp4-packets.js'

/** Hashes of the pictures that the edit list of a file shows, in presentation order. */
export function shownPictures(file: Uint8Array): string[] {
  return shownSamples(file).map(({ offset, size }) => md5(file.subarray(offset, offset + size)))
}

/** When they are shown, in milliseconds from the first picture. */
export function shownTimes(file: Uint8Array): number[] {
  const samples = shownSamples(file)
  return samples.map(({ cts, timescale }) => ((cts - (samples[0]?.cts ?? 0)) * 1000) / timescale)
}

function shownSamples(file: Uint8Array): Sample[] {
  const [video] = readWithMp4box(file)
  if (video === undefined) return []
  const { samples, edits, timescale } = video
  const edit = edits.find(({ media_time }) => media_time >= 0)
  const from = edit?.media_time ?? 0
  const until = edit ? from + (edit.segment_duration * timescale) / 1000 : Number.POSITIVE_INFINITY
  return samples.filter(({ cts }) => cts >= from && cts < until).toSorted((a, b) => a.cts - b.cts)
}
