// Checks whether a response has exactly the listed fragments. The response does not name its fragments. The pictures of the first and the
// last fragment are known from their Matroska. The footage between them is compared with the listing.

import { firstAtOrAfter } from '../../domain/first-at-or-after.js'
import { at } from '../../lib/at.js'
import { rowAt } from '../../media/mp4/tables/columns.js'
import type { OutlinedPart } from '../plan/clip-outline.js'
import { type AnswerMeasures, countUnexplainedBytes, type UnexplainedBytes } from './answer-measures.js'
import type { FragmentPictures } from './fragment-pictures.js'
import { type PartRows, toPartRows } from './part-rows.js'

export type FootageDifference = 'missing' | 'added' | null

export type ComparedPart = Pick<OutlinedPart, 'firstPlace' | 'fragmentCount' | 'producerStartsMs' | 'lengthsMs' | 'sizesBytes'>

const NONE: UnexplainedBytes = { bytes: 0, aroundBytes: 0 }
/** If a fragment is missing, the picture before it lasts for two frames or longer. */
const HOLE_FRAMES = 1.5
/** Matroska timestamps have millisecond resolution, and those of the response may too. */
const ROUNDING_MS = 1.5

/** `pictures` has the fragments that were read, by place. Null if none was read. */
export function compareFootage(
  answer: AnswerMeasures,
  part: ComparedPart,
  pictures: ReadonlyMap<number, FragmentPictures> | null,
): FootageDifference {
  const { shownMs, sizes } = answer
  const rows = toPartRows(part, answer)
  const first = pictures?.get(part.firstPlace)
  const last = pictures?.get(part.firstPlace + part.fragmentCount - 1)
  if (!first?.timesMs.length || !last?.timesMs.length) return compareAmounts(rows)
  const edges = { first: toEdge(first, shownMs, 0), last: toEdge(last, shownMs, shownMs.length - last.timesMs.length) }
  const kept = {
    first: isKept(sizes, first, 0),
    last: isKept(sizes, last, shownMs.length - last.timesMs.length),
  }
  // The service keeps the bytes of all frames, or it rewrites all frames.
  if (edges.first === null || edges.last === null || kept.first !== kept.last) return compareAmounts(rows) ?? 'added'
  const unexplained = kept.first ? countUnexplainedBytes({ answer, sizesBytes: part.sizesBytes, first, last }) : NONE
  const reachMs = edges.last - edges.first
  const listedMs = at(part.producerStartsMs, part.producerStartsMs.length - 1) - at(part.producerStartsMs, 0)
  if (Math.abs(reachMs - listedMs) > ROUNDING_MS || !isAscending(part.producerStartsMs))
    return unexplained.bytes > MOST_TAG_BYTES * part.fragmentCount ? 'missing' : compareAmounts(rows)
  const times = [...first.timesMs, ...last.timesMs]
  const leadMs = Math.max(0, at(first.timesMs, 0), at(last.timesMs, 0))
  const earlyMs = times.reduce((most, timeMs) => Math.max(most, -timeMs), 0)
  return compareBetween(part, { rows, originMs: edges.first, leadMs, earlyMs, unexplained })
}

/** Whether the producer timestamps never go back. If they do, the response is not in their order. */
function isAscending(startsMs: Float64Array): boolean {
  return startsMs.every((startMs, row) => row === 0 || startMs >= at(startsMs, row - 1))
}

/**
 * Position of the fragment's timestamp on the response's timeline, in milliseconds. Null if the samples from `from` on are not the pictures
 * of the fragment.
 */
function toEdge({ timesMs }: FragmentPictures, shownMs: Float64Array, from: number): number | null {
  if (from < 0 || from + timesMs.length > shownMs.length) return null
  const originMs = at(shownMs, from) - at(timesMs, 0)
  const isSame = timesMs.every((timeMs, index) => Math.abs(at(shownMs, from + index) - originMs - timeMs) <= ROUNDING_MS)
  return isSame ? originMs : null
}

/** The service may remove zero bytes after a NAL unit. */
const MOST_TRAILING_ZEROS = 3

/**
 * A fragment may have ten tags, with names of 128 and values of 256 characters. The first and the last fragment may have no tags, so their
 * overhead does not show this.
 */
const MOST_TAG_BYTES = 5000

/** Whether the frames of the response have the sizes that were read from the fragment. */
function isKept(sizes: AnswerMeasures['sizes'], read: FragmentPictures, from: number): boolean {
  return read.sizes.every((bytes, index) => {
    const missing = bytes - rowAt(sizes, from + index)
    return missing >= 0 && missing <= MOST_TRAILING_ZEROS
  })
}

/** Compares the total durations without holes. */
function compareAmounts({ givenMs, leastMs, mostMs, toleranceMs }: PartRows): FootageDifference {
  if (givenMs < leastMs - toleranceMs) return 'missing'
  return givenMs > mostMs + toleranceMs ? 'added' : null
}

interface Between {
  readonly rows: PartRows
  /** Position of the timestamp of the first fragment on the response's timeline, in milliseconds. */
  readonly originMs: number
  /** Maximum delay from a fragment's timestamp to its first picture. The listed length may exclude this delay. */
  readonly leadMs: number
  /** Maximum time by which pictures precede their fragment's timestamp. It may be the timestamp of audio that is muxed ahead. */
  readonly earlyMs: number
  /** Listed bytes that the response does not account for. */
  readonly unexplained: UnexplainedBytes
}

/**
 * Compares the fragments between the edges. The response keeps the producer's clock. If a fragment is missing, no picture is shown in its
 * time. If footage was added, pictures are shown in a listed hole.
 */
function compareBetween(
  { producerStartsMs, lengthsMs, sizesBytes, fragmentCount }: ComparedPart,
  { rows, originMs, leadMs, earlyMs, unexplained }: Between,
): FootageDifference {
  const startOf = (row: number) => originMs + at(producerStartsMs, row) - at(producerStartsMs, 0)
  const endOf = (row: number) => startOf(row) + at(lengthsMs, row)
  // The lead of audio varies between fragments, so half a frame is added. No picture of the previous fragment is that late.
  const earlyOf = (row: number) => Math.max(earlyMs + rows.usualMs / 2, reorderedMsOf(at(lengthsMs, row), earlyMs, rows))
  for (let row = 1; row < fragmentCount - 1; row += 1) {
    // Every fragment has a picture, because PutMedia refuses a fragment that lacks frames of a track.
    const [fromMs, untilMs] = [startOf(row) - earlyOf(row) - ROUNDING_MS, endOf(row) + leadMs + ROUNDING_MS]
    if (!isAnyShown(rows.timesMs, fromMs, untilMs)) return 'missing'
    // Pictures of adjacent fragments may be in this time. A missing fragment still leaves a hole between pictures and unexplained bytes.
    const holeMs = Math.max(HOLE_FRAMES * rows.shortMs, (startOf(row + 1) - startOf(row)) / 2)
    if (unexplained.bytes > (at(sizesBytes, row) - unexplained.aroundBytes) / 2 && isHoleBetween(rows.timesMs, { fromMs, untilMs, holeMs }))
      return 'missing'
  }
  const slackMs = 2 * rows.usualMs + rows.reorderedMs + leadMs + earlyMs
  const isFilled = (row: number) => isAnyShown(rows.timesMs, endOf(row - 1) + slackMs, startOf(row) - slackMs)
  return rows.holes.some(isFilled) ? 'added' : null
}

/**
 * How long before its timestamp the pictures of a short fragment may begin, in milliseconds. The first block may be audio, or a picture
 * that is shown last. The listed length includes this time. 0 for a longer fragment.
 */
function reorderedMsOf(lengthMs: number, earlyMs: number, { reorderedMs }: PartRows): number {
  return lengthMs <= 2 * reorderedMs ? Math.min(lengthMs, earlyMs + reorderedMs) : 0
}

/** Whether a picture lasts `holeMs` or longer and overlaps the time from `fromMs` to `untilMs`. */
function isHoleBetween(
  timesMs: Float64Array,
  { fromMs, untilMs, holeMs }: { readonly fromMs: number; readonly untilMs: number; readonly holeMs: number },
): boolean {
  for (let next = Math.max(1, firstAtOrAfter(timesMs, fromMs)); next < timesMs.length; next += 1) {
    const beforeMs = at(timesMs, next - 1)
    if (beforeMs > untilMs) return false
    if (at(timesMs, next) - beforeMs >= holeMs) return true
  }
  return false
}

function isAnyShown(timesMs: Float64Array, fromMs: number, untilMs: number): boolean {
  return (timesMs[firstAtOrAfter(timesMs, fromMs)] ?? Number.POSITIVE_INFINITY) <= untilMs
}
