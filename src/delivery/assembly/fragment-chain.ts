// Follows the listed fragments through the pictures of an answer, from key frame to key frame.

import type { OutlinedPart } from './clip-outline.js'
import type { PictureTimes } from './picture-times.js'
import { isProducerStep } from './producer-step.js'

/** Pictures behind the end of the last fragment are another fragment's when they go on for so long. */
const LEFTOVER_MS = 500

export type ChainedPart = Pick<OutlinedPart, 'producerStartsMs' | 'lengthsMs'>

export interface FragmentChain {
  /** A listed fragment was found nowhere. */
  readonly isMissing: boolean
  /** There are pictures where no fragment is listed. */
  readonly isMore: boolean
  /** It ends where the last fragment does. */
  readonly endsRight: boolean
  /** Every fragment that was found stands just where it was expected. */
  readonly isExact: boolean
  /** It was expected by the producer's clock, and by nothing else. */
  readonly isByClock: boolean
  /** The key frame of each. */
  readonly keysMs: readonly number[]
}

export interface ChainOptions {
  readonly pictures: PictureTimes
  readonly part: ChainedPart
  /** The fragment that the answer is taken to begin with. */
  readonly first: number
  /** Whether holes are taken to be as long as the producer's clock says; else each may also have been closed. */
  readonly keepsHoles: boolean
}

interface Place {
  readonly fragment: number
  readonly keyMs: number
}

interface Link extends Place {
  /** What the producer's clock is measured from: not from fragment to fragment, or small errors would add up. */
  readonly anchor: Place
  readonly isExact: boolean
  readonly hasStrays: boolean
}

/**
 * Null when the trace is lost: there is no key frame at a fragment's place, and nothing that says the fragment is missing. So it is with
 * fragments that do not begin with a key frame, and with key frames so close together that one is as good as the next.
 */
export function followFragments(options: ChainOptions): FragmentChain | null {
  const { pictures, part, first } = options
  let last = toAnchor({ fragment: first, keyMs: pictures.firstKeyMs })
  const links = [last]
  let isCutOff = false
  while (last.fragment < part.lengthsMs.length - 1 && !isCutOff) {
    const next = findNext(last, options)
    isCutOff = next === null && endsHere(last, options)
    if (next === null && !isCutOff) return null
    if (next !== null) links.push(next)
    last = next ?? last
  }
  const leftoverMs = pictures.lastMs - endOf(last, part)
  return {
    isMissing: isCutOff || links.some(({ fragment }, index) => fragment !== index),
    isMore: links.some(({ hasStrays }) => hasStrays) || goesOn(last, leftoverMs, pictures),
    endsRight: Math.abs(leftoverMs) <= pictures.toleranceMs,
    isExact: links.every((link) => link.isExact),
    isByClock: links.every(({ anchor }) => anchor.fragment === first),
    keysMs: links.map(({ keyMs }) => keyMs),
  }
}

function findNext(link: Link, options: ChainOptions): Link | null {
  const byClock = findByClock(link, options)
  if (byClock !== null && !byClock.hasStrays) return byClock
  const isStep = placeOf(link.fragment + 1, link, options.part) !== null
  const following = options.keepsHoles && isStep ? null : findFollowing(link, options)
  return following ?? (options.keepsHoles ? byClock : null) ?? findBehindMissing(link, options)
}

/** Where the producer's clock says. Strays are pictures between the end of the fragment before and there. */
function findByClock(link: Link, { pictures, part }: ChainOptions): Link | null {
  const placeMs = placeOf(link.fragment + 1, link, part)
  // A clock that was set back may point at a key frame inside the fragment before.
  const isBehind = placeMs !== null && placeMs >= endOf(link, part) - 2 * pictures.toleranceMs
  const key = isBehind ? pictures.findKey(placeMs) : null
  if (key === null || key.timeMs <= link.keyMs) return null
  const strayMs = pictures.findShownAfter(endOf(link, part) + pictures.toleranceMs)
  const hasStrays = strayMs !== null && strayMs < key.timeMs - pictures.toleranceMs
  return { fragment: link.fragment + 1, keyMs: key.timeMs, anchor: link.anchor, isExact: key.isExact, hasStrays }
}

/** Directly after the fragment before, whatever the clocks say. */
function findFollowing(link: Link, { pictures, part }: ChainOptions): Link | null {
  const key = pictures.findKey(endOf(link, part) + pictures.frameMs)
  return key?.isExact === true ? toAnchor({ fragment: link.fragment + 1, keyMs: key.timeMs }) : null
}

/** The pictures go on where the producer's clock has a later fragment, and where those between would be there is nothing. */
function findBehindMissing(link: Link, { pictures, part }: ChainOptions): Link | null {
  const shownMs = pictures.findShownAfter(endOf(link, part) + pictures.frameMs / 2)
  const missingMs = placeOf(link.fragment + 1, link, part)
  if (shownMs === null || missingMs === null) return null
  for (let fragment = link.fragment + 2; fragment < part.lengthsMs.length; fragment += 1) {
    const placeMs = placeOf(fragment, link, part)
    if (placeMs === null || placeMs - missingMs <= 2 * pictures.toleranceMs) continue
    if (placeMs > shownMs + pictures.toleranceMs) return null
    const key = pictures.findKey(placeMs)
    if (key?.isExact === true && key.timeMs - shownMs <= pictures.toleranceMs) return toAnchor({ fragment, keyMs: key.timeMs })
  }
  return null
}

/** No picture comes after the fragment, although others are listed that last for longer than a place may be off. */
function endsHere(link: Link, { pictures, part }: ChainOptions): boolean {
  if (pictures.findShownAfter(endOf(link, part) + pictures.toleranceMs) !== null) return false
  const listedMs = part.lengthsMs.subarray(link.fragment + 1).reduce((sum, lengthMs) => sum + lengthMs + pictures.frameMs, 0)
  return listedMs > 2 * pictures.toleranceMs
}

/** Another fragment, with a key frame of its own, comes after the last that is listed. */
function goesOn({ keyMs }: Place, leftoverMs: number, { lastKeyMs, lastMs, toleranceMs }: PictureTimes): boolean {
  const isAnother = lastKeyMs > Math.max(keyMs, lastMs - leftoverMs - toleranceMs)
  return isAnother && leftoverMs > Math.max(LEFTOVER_MS, 2 * toleranceMs)
}

/** Only what stands exactly where it was expected is measured from. */
function toAnchor(place: Place): Link {
  return { ...place, anchor: place, isExact: true, hasStrays: false }
}

function endOf({ fragment, keyMs }: Place, { lengthsMs }: ChainedPart): number {
  return keyMs + (lengthsMs[fragment] ?? 0)
}

/** When the fragment begins by the producer's clock; null where that clock went back, or was set. */
function placeOf(fragment: number, { anchor, ...link }: Link, { producerStartsMs }: ChainedPart): number | null {
  const startMs = producerStartsMs[fragment] ?? Number.NaN
  const stepMs = startMs - (producerStartsMs[link.fragment] ?? Number.NaN)
  if (!isProducerStep(stepMs)) return null
  return anchor.keyMs + startMs - (producerStartsMs[anchor.fragment] ?? Number.NaN)
}
