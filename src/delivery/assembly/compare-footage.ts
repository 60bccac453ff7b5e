// Whether an answer holds the fragments that were listed, and no others. It names none of them. The pictures of its first fragment and of its
// last one are known from their Matroska; what lies between is compared with the listing.

import { firstAtOrAfter } from '../../domain/first-at-or-after.js'
import type { Movie } from '../../media/mp4/movie.js'
import { presentationTicks, toMs } from '../../media/mp4/presentation.js'
import type { OutlinedPart } from './clip-outline.js'
import type { FragmentPictures } from './fragment-pictures.js'
import { type PartRows, toPartRows } from './part-rows.js'

/** `null` is right, as far as can be told. */
export type FootageDifference = 'missing' | 'added' | null

export type ComparedPart = Pick<OutlinedPart, 'firstPlace' | 'fragmentCount' | 'producerStartsMs' | 'lengthsMs'>

/** Matroska's clock ticks once a millisecond, and so may the answer's. */
const ROUNDING_MS = 1.5

/** `pictures`: what was read of fragments, by their places; null when nothing was. */
export function compareFootage(
  movie: Movie,
  part: ComparedPart,
  pictures: ReadonlyMap<number, FragmentPictures> | null,
): FootageDifference {
  const [video] = movie.tracks
  if (video?.kind !== 'video') return null
  const shownMs = presentationTicks(video).map((ticks) => toMs(ticks, video.timescale))
  const rows = toPartRows(part, { shownMs, hasSound: movie.tracks.length > 1 })
  const first = pictures?.get(part.firstPlace)
  const last = pictures?.get(part.firstPlace + part.fragmentCount - 1)
  if (!first?.timesMs.length || !last?.timesMs.length) return compareAmounts(rows)
  const edges = { first: toEdge(first, shownMs, 0), last: toEdge(last, shownMs, shownMs.length - last.timesMs.length) }
  if (edges.first === null || edges.last === null || hasOtherSizes(video.samples.sizes, first, last)) return compareAmounts(rows) ?? 'added'
  const reachMs = edges.last - edges.first
  const listedMs = (part.producerStartsMs.at(-1) ?? 0) - (part.producerStartsMs[0] ?? 0)
  if (Math.abs(reachMs - listedMs) > ROUNDING_MS) return compareAmounts(rows)
  const times = [...first.timesMs, ...last.timesMs]
  const leadMs = Math.max(0, first.timesMs[0] ?? 0, last.timesMs[0] ?? 0)
  const earlyMs = times.reduce((most, timeMs) => Math.max(most, -timeMs), 0)
  return compareBetween(part, { rows, originMs: edges.first, leadMs, earlyMs })
}

/** When the fragment's timestamp comes in the answer, if its pictures are those from the sample on; else null. */
function toEdge({ timesMs }: FragmentPictures, shownMs: Float64Array, from: number): number | null {
  if (from < 0 || from + timesMs.length > shownMs.length) return null
  const originMs = (shownMs[from] ?? 0) - (timesMs[0] ?? 0)
  const isSame = timesMs.every((timeMs, index) => Math.abs((shownMs[from + index] ?? 0) - originMs - timeMs) <= ROUNDING_MS)
  return isSame ? originMs : null
}

/** Zero bytes behind a NAL unit may be left out. */
const MOST_TRAILING_ZEROS = 3

/** The frames of one edge are as long as those that were read, so that the service gives frames as they are; those of the other are not. */
function hasOtherSizes(sizes: Uint32Array | number, first: FragmentPictures, last: FragmentPictures): boolean {
  const sizeOf = (sample: number) => (typeof sizes === 'number' ? sizes : (sizes[sample] ?? 0))
  const isSame = (read: FragmentPictures, from: number) =>
    read.sizes.every((bytes, index) => {
      const missing = bytes - sizeOf(from + index)
      return missing >= 0 && missing <= MOST_TRAILING_ZEROS
    })
  const count = typeof sizes === 'number' ? 0 : sizes.length
  return count > 0 && isSame(first, 0) !== isSame(last, count - last.sizes.length)
}

/** How long there are pictures, holes left out on both sides. */
function compareAmounts({ givenMs, leastMs, mostMs, toleranceMs }: PartRows): FootageDifference {
  if (givenMs < leastMs - toleranceMs) return 'missing'
  return givenMs > mostMs + toleranceMs ? 'added' : null
}

interface Between {
  readonly rows: PartRows
  /** When the timestamp of the first fragment comes in the answer. */
  readonly originMs: number
  /** How long after its timestamp a fragment's pictures may begin: its listed length may leave that out. */
  readonly leadMs: number
  /** How long before its timestamp a fragment's pictures may begin: it may be that of sound, which was muxed ahead of them. */
  readonly earlyMs: number
}

/** Where the answer keeps the producer's clock: no picture is shown in the time of a fragment that is missing, and some are in a hole that was filled. */
function compareBetween(
  { producerStartsMs, lengthsMs, fragmentCount }: ComparedPart,
  { rows, originMs, leadMs, earlyMs }: Between,
): FootageDifference {
  const startOf = (row: number) => originMs + (producerStartsMs[row] ?? 0) - (producerStartsMs[0] ?? 0)
  const endOf = (row: number) => startOf(row) + (lengthsMs[row] ?? 0)
  for (let row = 1; row < fragmentCount - 1; row += 1) {
    // Every fragment has a picture: PutMedia refuses one that lacks frames of a track.
    if (!isAnyShown(rows.timesMs, startOf(row) - earlyMs - ROUNDING_MS, endOf(row) + leadMs + ROUNDING_MS)) return 'missing'
  }
  const slackMs = 2 * rows.usualMs + rows.reorderedMs + leadMs + earlyMs
  const isFilled = (row: number) => isAnyShown(rows.timesMs, endOf(row - 1) + slackMs, startOf(row) - slackMs)
  return rows.holes.some(isFilled) ? 'added' : null
}

function isAnyShown(timesMs: Float64Array, fromMs: number, untilMs: number): boolean {
  return (timesMs[firstAtOrAfter(timesMs, fromMs)] ?? Number.POSITIVE_INFINITY) <= untilMs
}
