// What is read of a clip's fragments beside GetClip: the pictures at its edges and borders, and what an exact cut has to fetch besides.

import { isLateUpload } from '../../domain/clip-plan.js'
import { type ListedFragment, startOf } from '../../domain/listed-fragment.js'
import type { FragmentMediaSource } from '../../kvs/ports.js'
import { at } from '../../lib/at.js'
import type { EpochMs } from '../../lib/clock.js'
import { type ClipOutline, countFragments, type ExtraFragments } from '../plan/clip-outline.js'
import type { FragmentPictures } from '../verify/fragment-pictures.js'
import { findDecodability, type KeyFrameKind, keysOf, type StartFragment } from '../verify/key-frame-search.js'
import { EdgeMedia, fragmentAt, listEdgeFragments, type ReadFragment, unlessExpired } from './edge-media.js'
import type { ReadPicturesOptions } from './read-pictures.js'

export interface ClipEdges extends ExtraFragments {
  /** By the place of the fragment in the clip. */
  readonly pictures: ReadonlyMap<number, FragmentPictures>
}

/** @throws ClipUnavailable, GatewayError */
export async function readClipEdges(media: FragmentMediaSource, outline: ClipOutline, options: ReadPicturesOptions): Promise<ClipEdges> {
  const edges = new EdgeMedia(media, outline, options)
  await edges.readFirst(listEdgeFragments(outline))
  if (outline.spec.cut === 'FRAGMENT') {
    await readToKeyFrame(edges, outline)
    return { pictures: edges.pictures, leadIn: [], tail: [] }
  }
  const tail = await lookAhead(edges, outline)
  const starts = await readStart(edges, outline)
  if (isByServer(outline)) await readEnd(edges, outline)
  const leadIn = await lookBack(edges, outline, starts)
  return { pictures: edges.pictures, leadIn, tail }
}

function isByServer({ spec }: ClipOutline): boolean {
  return spec.fragmentSelectorType === 'SERVER_TIMESTAMP'
}

function timesOf({ clockMs, pictures }: ReadFragment): number[] {
  return pictures.timesMs.map((timeMs) => clockMs + timeMs)
}

/** Where whole fragments begin without a key frame, the one with the first key frame says when that is shown by server time. */
async function readToKeyFrame(edges: EdgeMedia, outline: ClipOutline): Promise<void> {
  if (isByServer(outline)) await edges.walk({ from: 0, step: 1, isEnough: ({ pictures }) => keysOf(pictures, 'closed').length > 0 })
}

/** By how much pictures come before the timestamps of their fragments, at most, as far as these were read. */
function leadOf(edges: EdgeMedia): number {
  return edges.all.reduce((most, { pictures }) => pictures.timesMs.reduce((lead, timeMs) => Math.max(lead, -timeMs), most), 0)
}

/** By how much pictures come after what is listed of their fragments, at most. */
function lagOf(edges: EdgeMedia): number {
  return edges.all.reduce(
    (most, { pictures, lengthMs }) => pictures.timesMs.reduce((lag, timeMs) => Math.max(lag, timeMs - lengthMs), most),
    0,
  )
}

/** The fragments after the clip, up to the last with a picture that is shown before the end. Behind one whose pictures all come later there is none. */
async function lookAhead(edges: EdgeMedia, outline: ClipOutline): Promise<readonly ListedFragment[]> {
  const { spec, parts, neighbours } = outline
  const [from, { endMs }] = [countFragments(parts), spec.range]
  let taken = 0
  const later: number[] = []
  const isEnough = (fragment: ReadFragment) => {
    const times = timesOf(fragment)
    if (times.some((timeMs) => timeMs <= endMs)) taken = fragment.place - from + 1
    later.push(...times.filter((timeMs) => timeMs > endMs))
    return later.length > 0 && times.every((timeMs) => timeMs > endMs) && !mayBeReordered(later)
  }
  const reaching = () => neighbours.after.filter((fragment) => startOf(fragment, spec.fragmentSelectorType) - leadOf(edges) <= endMs).length
  await edges.walk({ from, step: 1, isEnough, atATime: reaching })
  return neighbours.after.slice(0, taken)
}

/** In decode order: pictures that are shown before one of them are decoded next behind it, before any that is shown after it. */
function mayBeReordered(times: readonly number[]): boolean {
  return !times.some((timeMs, index) => index > 0 && timeMs > (times[index - 1] ?? timeMs))
}

/** Those from the first on that may hold a picture before the first one that is shown. */
async function readStart(edges: EdgeMedia, outline: ClipOutline): Promise<readonly StartFragment[]> {
  const { startMs } = outline.spec.range
  const starts: StartFragment[] = []
  const isEnough = (fragment: ReadFragment) => {
    starts.push(fragment)
    if (findDecodability(starts, startMs, 'closed') === 'perhaps') return false
    const next = fragmentAt(outline, fragment.place + 1)
    const isAfter = timesOf(fragment).every((timeMs) => timeMs >= startMs)
    return isAfter || next === null || next.clockMs - leadOf(edges) > startMs
  }
  await edges.walk({ from: 0, step: 1, isEnough, atATime: () => 1 })
  return starts
}

/** By server time each fragment has a clock of its own: those before the last that may hold a picture after the end. */
async function readEnd(edges: EdgeMedia, outline: ClipOutline): Promise<void> {
  const { endMs } = outline.spec.range
  const isEnough = (fragment: ReadFragment) => {
    const before = fragmentAt(outline, fragment.place - 1)
    return before === null || before.clockMs + before.lengthMs + lagOf(edges) <= endMs
  }
  await edges.walk({ from: countFragments(outline.parts) - 1, step: -1, isEnough, atATime: () => 1 })
}

/**
 * The fragments before the clip: those that hold a picture at the start or after it, and those back to the one with the key frame that the
 * first picture needs. The I-frame of an open GOP will do where nothing better is within reach.
 */
async function lookBack(edges: EdgeMedia, outline: ClipOutline, from: readonly StartFragment[]): Promise<readonly ListedFragment[]> {
  const { spec, neighbours } = outline
  const { startMs } = spec.range
  const starts = [...from]
  /** Fragments without a picture at the start or after it. One before them may still hold such a picture. */
  let passed: ReadFragment[] = []
  let [taken, second, mayReach] = [0, 0, true]
  const isDecodable = (kind: KeyFrameKind) => findDecodability(starts, startMs, kind) !== 'none'
  const take = (fragment: ReadFragment) => {
    const wasDecodable = isDecodable('any')
    starts.unshift(fragment)
    if (!wasDecodable && isDecodable('any')) second = -fragment.place
  }
  const isFound = () => {
    if (isDecodable('closed')) return true
    for (let next = passed.shift(); next !== undefined; next = passed.shift()) {
      take(next)
      if (!isDecodable('closed')) continue
      taken = -next.place
      return true
    }
    return false
  }
  const isEnough = (fragment: ReadFragment) => {
    if (mayReach && reachesStart(fragment, outline)) {
      for (const before of [...passed, fragment]) take(before)
      passed = []
      taken = -fragment.place
      return false
    }
    passed.push(fragment)
    mayReach &&= mayFollowLater(passed, startMs) && !isLate(fragment, outline)
    return !mayReach && isFound()
  }
  await unlessExpired(edges.walk({ from: -1, step: -1, isEnough }))
  if (!isFound()) taken = Math.max(taken, second)
  return taken === 0 ? [] : neighbours.before.slice(-taken)
}

/** The most B-frames between two other pictures that encoders write (x264: 16). */
const MOST_REORDERED = 16

/** Whether a picture that is decoded before them may be shown at the start or after it. None is shown after a key frame that follows it. */
function mayFollowLater(fragments: readonly ReadFragment[], startMs: EpochMs): boolean {
  const pictures = fragments.reduce((sum, fragment) => sum + fragment.pictures.timesMs.length, 0)
  const hasKey = fragments.some(({ clockMs, pictures: { keys, timesMs } }) => keys.some((key) => clockMs + at(timesMs, key) <= startMs))
  return !hasKey && pictures <= MOST_REORDERED
}

function isLate({ place, clockMs, producerMs, lengthMs }: ReadFragment, outline: ClipOutline): boolean {
  const after = fragmentAt(outline, place + 1)
  return after !== null && isLateUpload({ lengthMs, stepMs: after.clockMs - clockMs, producerStepMs: after.producerMs - producerMs })
}

function reachesStart(fragment: ReadFragment, outline: ClipOutline): boolean {
  return !isLate(fragment, outline) && timesOf(fragment).some((timeMs) => timeMs >= outline.spec.range.startMs)
}
