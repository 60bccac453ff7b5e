// What is read of a clip's fragments beside GetClip: the pictures at its edges and borders, and what an exact cut has to fetch besides.

import { packFragments } from '../../domain/clip-packing.js'
import { type ListedFragment, startOf } from '../../domain/listed-fragment.js'
import type { FragmentMediaSource } from '../../kvs/ports.js'
import { ClipUnavailable } from '../clip-unavailable.js'
import { type ClipOutline, type OutlinedPart, toOutlinedParts } from './clip-outline.js'
import { clocksAt, countFragments, listEdgeFragments } from './edge-fragments.js'
import { type FragmentPictures, NO_PICTURES } from './fragment-pictures.js'
import { findUncovered, hasKeyFrameFor, type StartFragment, type WantedKeyFrame } from './key-frame-search.js'
import { readPictures } from './read-pictures.js'

/** How many fragments are asked for at a time on the way back to a key frame: few at first, for each costs a point of the quota. */
const FIRST_LOOK_BACK = 8
const MOST_AT_A_TIME = 64

export interface ClipEdges {
  /** By the place of the fragment in the clip. */
  readonly pictures: ReadonlyMap<number, FragmentPictures>
  /** What an exact cut fetches before the clip, from the key frame on that its first picture needs. */
  readonly leadIn: readonly ListedFragment[]
  /** What it fetches after the clip, because it holds pictures that are shown before the end. */
  readonly tail: readonly ListedFragment[]
}

/** @throws ClipUnavailable, GatewayError */
export async function readClipEdges(media: FragmentMediaSource, outline: ClipOutline, signal: AbortSignal): Promise<ClipEdges> {
  const edges = listEdgeFragments(outline)
  const names = { streamArn: outline.spec.streamArn, fragmentNumbers: edges.map(({ fragmentNumber }) => fragmentNumber) }
  const read = await readPictures(media, names, { signal })
  const pictures = new Map(edges.map(({ place }, index) => [place, read[index] ?? NO_PICTURES]))
  if (outline.spec.cut === 'FRAGMENT') return { pictures, leadIn: [], tail: [] }
  const leadIn = await lookBack(media, { outline, pictures }, signal)
  return { pictures, leadIn, tail: toTail(outline, pictures) }
}

interface ReadSoFar {
  readonly outline: ClipOutline
  /** What is read on the way back is added. */
  readonly pictures: Map<number, FragmentPictures>
}

/**
 * The fragments before the clip, back to the one with the key frame that the first picture needs; none where it needs none, or there is
 * none. The I-frame of an open GOP will do where nothing better is within reach.
 */
async function lookBack(
  media: FragmentMediaSource,
  { outline, pictures }: ReadSoFar,
  signal: AbortSignal,
): Promise<readonly ListedFragment[]> {
  const { spec, neighbours } = outline
  const start = startFragments(outline, pictures)
  const shownByMs = findUncovered(start, spec.range.startMs, 'closed')
  if (shownByMs === null) return []
  const wanted = { fragmentSelectorType: spec.fragmentSelectorType, startMs: spec.range.startMs, shownByMs }
  const backwards = neighbours.before.toReversed()
  let second = findUncovered(start, spec.range.startMs, 'any') === null ? 0 : null
  let atATime = FIRST_LOOK_BACK
  for (let from = 0; from < backwards.length; ) {
    const asked = backwards.slice(from, from + atATime)
    const found = await lookThrough(media, { asked, wanted, streamArn: spec.streamArn }, signal)
    for (const [index, read] of found.pictures.entries()) pictures.set(-(from + index + 1), read)
    if (found.hasKey) return backwards.slice(0, from + found.pictures.length).reverse()
    if (found.openKeyAt >= 0) second ??= from + found.openKeyAt + 1
    from += asked.length
    atATime = Math.min(MOST_AT_A_TIME, 2 * atATime)
  }
  return backwards.slice(0, second ?? 0).reverse()
}

function startFragments({ parts }: ClipOutline, pictures: ReadonlyMap<number, FragmentPictures>): StartFragment[] {
  return [0, 1].flatMap((place) => {
    const [clocks, read] = [clocksAt(parts, place), pictures.get(place)]
    return clocks && read ? [{ ...clocks, pictures: read }] : []
  })
}

interface LookBack {
  /** Backwards. */
  readonly asked: readonly ListedFragment[]
  readonly wanted: WantedKeyFrame
  readonly streamArn: string
}

interface Passed {
  readonly pictures: readonly FragmentPictures[]
  readonly hasKey: boolean
  /** Which of them is the first with the I-frame of an open GOP that would do; -1 when none is. */
  readonly openKeyAt: number
}

async function lookThrough(media: FragmentMediaSource, { asked, wanted, streamArn }: LookBack, signal: AbortSignal): Promise<Passed> {
  let [hasKey, openKeyAt] = [false, -1]
  const isEnough = (pictures: FragmentPictures, index: number) => {
    const fragment = asked[index]
    if (fragment === undefined) return false
    hasKey = hasKeyFrameFor(wanted, fragment, { pictures, kind: 'closed' })
    if (openKeyAt < 0 && hasKeyFrameFor(wanted, fragment, { pictures, kind: 'any' })) openKeyAt = index
    return hasKey
  }
  try {
    const names = { streamArn, fragmentNumbers: asked.map(({ fragmentNumber }) => fragmentNumber) }
    return { pictures: await readPictures(media, names, { signal, isEnough }), hasKey, openKeyAt }
  } catch (error) {
    // What lies before the clip may have left retention; the clip itself has not.
    if (error instanceof ClipUnavailable && error.reason === 'FOOTAGE_EXPIRED') return { pictures: [], hasKey: false, openKeyAt: -1 }
    throw error
  }
}

/** The fragment after the clip, where it holds a picture that is shown before the end. */
function toTail({ spec, parts, neighbours }: ClipOutline, pictures: ReadonlyMap<number, FragmentPictures>): ListedFragment[] {
  const { after } = neighbours
  const read = pictures.get(countFragments(parts))
  if (after === null || read === undefined) return []
  const clockMs = startOf(after, spec.fragmentSelectorType)
  return read.timesMs.some((timeMs) => clockMs + timeMs <= spec.range.endMs) ? [after] : []
}

/** All parts of the clip in playing order: those that were planned, and what its edges say has to be fetched besides. */
export function toPlayingParts(outline: ClipOutline, { leadIn, tail }: Pick<ClipEdges, 'leadIn' | 'tail'>): OutlinedPart[] {
  const count = countFragments(outline.parts)
  return [...toExtraParts(outline, leadIn, -leadIn.length), ...outline.parts, ...toExtraParts(outline, tail, count)]
}

function toExtraParts({ spec }: ClipOutline, fragments: readonly ListedFragment[], firstPlace: number): OutlinedPart[] {
  const [first, last] = [fragments[0], fragments.at(-1)]
  if (!first || !last) return []
  const { streamArn, fragmentSelectorType: selector } = spec
  // One start alone takes the millisecond before it in: the one after it may be the clip's own.
  const range = { startMs: startOf(first, selector), endMs: startOf(last, selector) }
  const { parts } = packFragments({ selection: { fragments, shadowed: [] }, selector, range })
  return toOutlinedParts(parts, { streamArn, selector, firstPlace })
}
