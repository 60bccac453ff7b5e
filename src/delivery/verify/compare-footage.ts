// Whether an answer holds the fragments that were listed, and no others. It names none of them. The pictures of its first fragment and of its
// last one are known from their Matroska; what lies between is compared with the listing.

import { firstAtOrAfter } from '../../domain/first-at-or-after.js'
import { at } from '../../lib/at.js'
import { rowAt } from '../../media/mp4/tables/columns.js'
import type { OutlinedPart } from '../plan/clip-outline.js'
import { type AnswerMeasures, countUnexplainedBytes, type UnexplainedBytes } from './answer-measures.js'
import type { FragmentPictures } from './fragment-pictures.js'
import { type PartRows, toPartRows } from './part-rows.js'

/** `null` is right, as far as can be told. */
export type FootageDifference = 'missing' | 'added' | null

export type ComparedPart = Pick<OutlinedPart, 'firstPlace' | 'fragmentCount' | 'producerStartsMs' | 'lengthsMs' | 'sizesBytes'>

const NONE: UnexplainedBytes = { bytes: 0, aroundBytes: 0 }
/** Without a fragment, the picture before it stands for two frames or more. */
const HOLE_FRAMES = 1.5
/** Matroska's clock ticks once a millisecond, and so may the answer's. */
const ROUNDING_MS = 1.5

/** `pictures`: what was read of fragments, by their places; null when nothing was. */
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
  // The service gives frames as they are, or changes them all.
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

/** A producer's clock may go forth and back meanwhile: the answer is then not in its order. */
function isAscending(startsMs: Float64Array): boolean {
  return startsMs.every((startMs, row) => row === 0 || startMs >= at(startsMs, row - 1))
}

/** When the fragment's timestamp comes in the answer, if its pictures are those from the sample on; else null. */
function toEdge({ timesMs }: FragmentPictures, shownMs: Float64Array, from: number): number | null {
  if (from < 0 || from + timesMs.length > shownMs.length) return null
  const originMs = at(shownMs, from) - at(timesMs, 0)
  const isSame = timesMs.every((timeMs, index) => Math.abs(at(shownMs, from + index) - originMs - timeMs) <= ROUNDING_MS)
  return isSame ? originMs : null
}

/** Zero bytes behind a NAL unit may be left out. */
const MOST_TRAILING_ZEROS = 3

/** A fragment may have ten tags with names of 128 and values of 256 characters, which the first and the last one need not have. */
const MOST_TAG_BYTES = 5000

/** The answer has the frames with the bytes that were read. */
function isKept(sizes: AnswerMeasures['sizes'], read: FragmentPictures, from: number): boolean {
  return read.sizes.every((bytes, index) => {
    const missing = bytes - rowAt(sizes, from + index)
    return missing >= 0 && missing <= MOST_TRAILING_ZEROS
  })
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
  /** What was listed and did not come. */
  readonly unexplained: UnexplainedBytes
}

/** Where the answer keeps the producer's clock: no picture is shown in the time of a fragment that is missing, and some are in a hole that was filled. */
function compareBetween(
  { producerStartsMs, lengthsMs, sizesBytes, fragmentCount }: ComparedPart,
  { rows, originMs, leadMs, earlyMs, unexplained }: Between,
): FootageDifference {
  const startOf = (row: number) => originMs + at(producerStartsMs, row) - at(producerStartsMs, 0)
  const endOf = (row: number) => startOf(row) + at(lengthsMs, row)
  // Half a frame more: by how much sound is ahead differs between fragments. No picture of the fragment before comes so late.
  const earlyOf = (row: number) => Math.max(earlyMs + rows.usualMs / 2, reorderedMsOf(at(lengthsMs, row), earlyMs, rows))
  for (let row = 1; row < fragmentCount - 1; row += 1) {
    // Every fragment has a picture: PutMedia refuses one that lacks frames of a track.
    const [fromMs, untilMs] = [startOf(row) - earlyOf(row) - ROUNDING_MS, endOf(row) + leadMs + ROUNDING_MS]
    if (!isAnyShown(rows.timesMs, fromMs, untilMs)) return 'missing'
    // Neighbours may reach into its time: without it there is a hole in the pictures, and its bytes did not come.
    const holeMs = Math.max(HOLE_FRAMES * rows.shortMs, (startOf(row + 1) - startOf(row)) / 2)
    if (unexplained.bytes > (at(sizesBytes, row) - unexplained.aroundBytes) / 2 && isHoleBetween(rows.timesMs, { fromMs, untilMs, holeMs }))
      return 'missing'
  }
  const slackMs = 2 * rows.usualMs + rows.reorderedMs + leadMs + earlyMs
  const isFilled = (row: number) => isAnyShown(rows.timesMs, endOf(row - 1) + slackMs, startOf(row) - slackMs)
  return rows.holes.some(isFilled) ? 'added' : null
}

/**
 * In a fragment of few pictures, how long before its timestamp they may begin: the first block may be a picture that is shown last, or sound.
 * The listed length contains that time.
 */
function reorderedMsOf(lengthMs: number, earlyMs: number, { reorderedMs }: PartRows): number {
  return lengthMs <= 2 * reorderedMs ? Math.min(lengthMs, earlyMs + reorderedMs) : 0
}

/** Some picture stands for so long, at least in part in that time. */
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
