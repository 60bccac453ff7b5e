// The position of each fragment in the movie. It relates movie times to instants of the selector's clock.

import { isProducerStep } from '../../domain/clip-timeline.js'
import { firstAtOrAfter } from '../../domain/first-at-or-after.js'
import { joinArrays } from '../../domain/fragment-columns.js'
import { at } from '../../lib/at.js'
import { partitionPoint } from '../../lib/partition-point.js'
import type { MovieTrack } from '../../media/mp4/movie.js'
import { lastDuration, SampleClock, toMs } from '../../media/mp4/tables/presentation.js'
import { ROWS_PER_STEP, type Steps } from '../../media/steps.js'
import type { OutlinedPart } from '../plan/clip-outline.js'
import type { LocatedPictures } from './locate-pictures.js'

/** One row per fragment, in playing order. */
export interface FragmentPlaces {
  readonly count: number
  /** Place of the fragment in the first row. */
  readonly firstPlace: number
  /** Timestamps by the selector's clock, in epoch milliseconds. */
  readonly clockMs: Float64Array
  /** The same instants in milliseconds of the movie. */
  readonly originMs: Float64Array
}

/** Matroska timestamps have millisecond resolution, and those of the movie may too. */
const ROUNDING_MS = 1
/** A longer pause between two fragments, in frames, is a hole. Kinesis Video may have closed it. */
const MOST_FRAMES = 2

/**
 * Places each fragment in the movie. A fragment that was read is placed by its pictures. The fragments between keep their distances by the
 * producer's clock. If these distances do not match, Kinesis Video has closed the holes, and the fragments follow each other without holes.
 */
export function* placeFragmentsInSteps(
  parts: readonly OutlinedPart[],
  video: MovieTrack,
  located: readonly LocatedPictures[],
): Steps<FragmentPlaces> {
  const firstPlace = at(parts, 0).firstPlace
  const listed = {
    producerMs: joinArrays(parts.map((part) => part.producerStartsMs)),
    lengthsMs: joinArrays(parts.map((part) => part.lengthsMs)),
    frameMs: toMs(lastDuration(video.samples), video.timescale),
  }
  const anchors = yield* findAnchors(video, located, firstPlace)
  const clockMs = joinArrays(parts.map((part) => part.startsMs))
  return { count: clockMs.length, firstPlace, clockMs, originMs: placeBetween(listed, anchors) }
}

/** A fragment whose place in the movie is known. */
interface Anchor {
  readonly row: number
  readonly originMs: number
}

function* findAnchors(video: MovieTrack, located: readonly LocatedPictures[], firstPlace: number): Steps<Anchor[]> {
  const anchors: Anchor[] = []
  const clock = new SampleClock(video)
  const waiting = located.filter(({ pictures }) => pictures.timesMs.length > 0).values()
  let next = waiting.next()
  for (let sample = 0; sample < video.samples.count && next.done !== true; sample += 1) {
    clock.next()
    if (sample % ROWS_PER_STEP === ROWS_PER_STEP - 1) yield
    const { firstSample, place, pictures } = next.value
    if (sample !== firstSample) continue
    anchors.push({ row: place - firstPlace, originMs: toMs(clock.shownTicks, video.timescale) - at(pictures.timesMs, 0) })
    next = waiting.next()
  }
  return anchors
}

interface Listed {
  readonly producerMs: Float64Array
  readonly lengthsMs: Float64Array
  readonly frameMs: number
}

function placeBetween(listed: Listed, anchors: readonly Anchor[]): Float64Array {
  const originMs = new Float64Array(listed.producerMs.length)
  const [first] = anchors
  const start = first ?? { row: 0, originMs: 0 }
  originMs[start.row] = start.originMs
  for (let row = start.row - 1; row >= 0; row -= 1) originMs[row] = at(originMs, row + 1) - stepTo(listed, row + 1, false)
  let before = start
  for (const anchor of [...anchors.slice(1), null]) {
    const end = anchor?.row ?? originMs.length - 1
    follow(originMs, listed, { from: before.row, to: end, isClosed: false })
    if (anchor === null) break
    if (Math.abs(at(originMs, end) - anchor.originMs) > ROUNDING_MS) {
      follow(originMs, listed, { from: before.row, to: end, isClosed: true })
      leadUpTo(originMs, listed, anchor, before.row)
    }
    originMs[end] = anchor.originMs
    before = anchor
  }
  return originMs
}

/** Places the rows after `from` up to `to`, each relative to the previous row. */
function follow(originMs: Float64Array, listed: Listed, { from, to, isClosed }: { from: number; to: number; isClosed: boolean }): void {
  for (let row = from + 1; row <= to; row += 1) originMs[row] = at(originMs, row - 1) + stepTo(listed, row, isClosed)
}

/** Places the rows between the last hole and the anchor, relative to the anchor. */
function leadUpTo(originMs: Float64Array, listed: Listed, anchor: Anchor, from: number): void {
  let next = anchor.originMs
  for (let row = anchor.row; row > from; row -= 1) {
    originMs[row] = next
    if (isHole(listed, row)) return
    next -= stepTo(listed, row, false)
  }
}

function stepTo(listed: Listed, row: number, isClosed: boolean): number {
  const stepMs = stepOf(listed, row)
  return isProducerStep(stepMs) && !(isClosed && isHole(listed, row)) ? stepMs : at(listed.lengthsMs, row - 1) + listed.frameMs
}

function isHole(listed: Listed, row: number): boolean {
  const stepMs = stepOf(listed, row)
  return !isProducerStep(stepMs) || stepMs - at(listed.lengthsMs, row - 1) > MOST_FRAMES * listed.frameMs + ROUNDING_MS
}

function stepOf({ producerMs }: Listed, row: number): number {
  return at(producerMs, row) - at(producerMs, row - 1)
}

/** Converts a movie time to an instant of the selector's clock, relative to the fragment in the row. */
export function instantAt({ clockMs, originMs }: FragmentPlaces, row: number, movieMs: number): number {
  return at(clockMs, row) + Math.round(movieMs - at(originMs, row))
}

/** Row of the first fragment that starts at or after the instant. The last row if there is none. */
export function rowFrom({ clockMs, count }: FragmentPlaces, instantMs: number): number {
  return Math.min(firstAtOrAfter(clockMs, instantMs, count), count - 1)
}

/** Computes the instants of pictures by the selector's clock, in decoding order. */
export class PictureInstants {
  /** Index in `located` of the fragment that has the current sample, or of the next fragment that was read. */
  #at = 0

  constructor(
    private readonly places: FragmentPlaces,
    private readonly located: readonly LocatedPictures[],
  ) {}

  /** Samples must be requested in ascending order. */
  of(sample: number, movieMs: number): number {
    let read = this.located[this.#at]
    while (read !== undefined && sample >= read.firstSample + read.pictures.timesMs.length) {
      this.#at += 1
      read = this.located[this.#at]
    }
    const { firstPlace, clockMs } = this.places
    if (read !== undefined && sample >= read.firstSample) {
      return at(clockMs, read.place - firstPlace) + at(read.pictures.timesMs, sample - read.firstSample)
    }
    return instantAt(this.places, this.#rowBetween(movieMs), movieMs)
  }

  /** Row of the last fragment that starts by `movieMs`, among the unread fragments between two that were read. */
  #rowBetween(movieMs: number): number {
    const { firstPlace, originMs, count } = this.places
    const [before, behind] = [this.located[this.#at - 1], this.located[this.#at]]
    const first = before ? before.place - firstPlace + 1 : 0
    const later = Math.max(0, (behind ? behind.place - firstPlace : count) - 1 - first)
    return first + partitionPoint(later, (index) => at(originMs, first + 1 + index) <= movieMs + 0.5)
  }
}
