// Reads single fragments in addition to GetClip: those at the edges of a clip and at the borders of its parts. For an exact cut, also finds
// the fragments outside the range that the cut needs.

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
  /** Keyed by the place of the fragment in the clip. */
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

/**
 * By server time, reads from the first fragment up to the one with the first key frame. If the clip does not start with a key frame, that
 * fragment shows when the key frame is shown.
 */
async function readToKeyFrame(edges: EdgeMedia, outline: ClipOutline): Promise<void> {
  if (isByServer(outline)) await edges.walk({ from: 0, step: 1, isEnough: ({ pictures }) => keysOf(pictures, 'closed').length > 0 })
}

/** Maximum time in milliseconds by which a picture precedes the timestamp of its fragment, among the fragments read so far. */
function leadOf(edges: EdgeMedia): number {
  return edges.all.reduce((most, { pictures }) => pictures.timesMs.reduce((lead, timeMs) => Math.max(lead, -timeMs), most), 0)
}

/** Maximum time in milliseconds by which a picture follows the listed end of its fragment, among the fragments read so far. */
function lagOf(edges: EdgeMedia): number {
  return edges.all.reduce(
    (most, { pictures, lengthMs }) => pictures.timesMs.reduce((lag, timeMs) => Math.max(lag, timeMs - lengthMs), most),
    0,
  )
}

/**
 * Returns the fragments after the clip, up to the last one with a picture at or before the end. Stops at a fragment whose pictures are all
 * later, unless the next fragment may have reordered pictures.
 */
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

/**
 * Whether the next pictures in decoding order may be shown before these. Reordered pictures directly follow the picture that they precede,
 * so a picture that is shown after the one before it rules them out. `times` is in decoding order.
 */
function mayBeReordered(times: readonly number[]): boolean {
  return !times.some((timeMs, index) => index > 0 && timeMs > (times[index - 1] ?? timeMs))
}

/** Reads from the first fragment of the clip on. Stops when the next fragment cannot have a picture before the first one that is shown. */
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

/**
 * Reads back from the last fragment while the previous one may have a picture after the end. Needed by server time, because each fragment
 * then has its own offset between the clocks.
 */
async function readEnd(edges: EdgeMedia, outline: ClipOutline): Promise<void> {
  const { endMs } = outline.spec.range
  const isEnough = (fragment: ReadFragment) => {
    const before = fragmentAt(outline, fragment.place - 1)
    return before === null || before.clockMs + before.lengthMs + lagOf(edges) <= endMs
  }
  await edges.walk({ from: countFragments(outline.parts) - 1, step: -1, isEnough, atATime: () => 1 })
}

/**
 * Returns the fragments before the clip that an exact cut needs: those with a picture at or after the start, and those back to the key
 * frame that the first picture needs. Uses the I-frame of an open GOP only if no other key frame is in reach.
 */
async function lookBack(edges: EdgeMedia, outline: ClipOutline, from: readonly StartFragment[]): Promise<readonly ListedFragment[]> {
  const { spec, neighbours } = outline
  const { startMs } = spec.range
  const starts = [...from]
  /** Fragments without a picture at or after the start. An earlier fragment may still have one. */
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

/** Maximum number of consecutive B-frames that encoders write (x264: 16). */
const MOST_REORDERED = 16

/**
 * Whether an earlier picture in decoding order may be shown at or after the start. A picture is never shown after a key frame that follows
 * it in decoding order.
 */
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
