// What GetClip picks out of the archive for a range: fragments whose start lies in it, both ends inclusive. By producer time,
// fragments with equal timestamps are one, and where two runs of ingestion cover the same time only the oldest run is given back.
// https://docs.aws.amazon.com/kinesisvideostreams/latest/dg/API_reader_ClipFragmentSelector.html

import { KVS_LIMITS } from './limits.js'
import { compareNumbers, type ListedFragment, startOf, toPlayingOrder } from './listed-fragment.js'
import type { FragmentSelectorType, TimeRange } from './time-range.js'

export interface FragmentSelection {
  /** In playing order. */
  readonly fragments: readonly ListedFragment[]
  /** By producer time: what is left out because older footage covers its start. */
  readonly shadowed: readonly ShadowedFragment[]
}

export interface ShadowedFragment {
  readonly fragment: ListedFragment
  readonly coveredBy: ListedFragment
}

/**
 * Audio and B-frames make a fragment of the same run reach a little into the next one. Only what starts deeper inside an older
 * fragment than this, or than half of it, is another run over the same time.
 */
const OVERHANG_MS = 500

export function selectFragments(listed: readonly ListedFragment[], selector: FragmentSelectorType, range: TimeRange): FragmentSelection {
  const inside = listed.filter((fragment) => {
    const start = startOf(fragment, selector)
    return start >= range.startMs && start <= range.endMs
  })
  const fragments = toPlayingOrder(inside, selector)
  return selector === 'SERVER_TIMESTAMP' ? { fragments, shadowed: [] } : dropNewerRuns(fragments)
}

function dropNewerRuns(sorted: readonly ListedFragment[]): FragmentSelection {
  const equal = dropEqualStarts(sorted)
  const overlapping = dropCovered(equal.fragments)
  return { fragments: overlapping.fragments, shadowed: [...equal.shadowed, ...overlapping.shadowed] }
}

/** Of equal timestamps the lowest number stands first, and stays. */
function dropEqualStarts(sorted: readonly ListedFragment[]): FragmentSelection {
  const fragments: ListedFragment[] = []
  const shadowed: ShadowedFragment[] = []
  for (const fragment of sorted) {
    const coveredBy = fragments.at(-1)
    if (coveredBy?.producerTimestampMs === fragment.producerTimestampMs) shadowed.push({ fragment, coveredBy })
    else fragments.push(fragment)
  }
  return { fragments, shadowed }
}

/** In order of time: whatever may cover a fragment starts before it, and has been decided about. No fragment is longer than the quota. */
function dropCovered(sorted: readonly ListedFragment[]): FragmentSelection {
  const fragments: ListedFragment[] = []
  const shadowed: ShadowedFragment[] = []
  let reaching: ListedFragment[] = []
  for (const fragment of sorted) {
    const startMs = fragment.producerTimestampMs
    reaching = reaching.filter((other) => startMs - other.producerTimestampMs < Math.min(other.lengthMs, KVS_LIMITS.maxFragmentMs))
    const coveredBy = reaching.find((other) => covers(other, startMs) && compareNumbers(other.fragmentNumber, fragment.fragmentNumber) < 0)
    if (coveredBy) {
      shadowed.push({ fragment, coveredBy })
      continue
    }
    reaching.push(fragment)
    fragments.push(fragment)
  }
  return { fragments, shadowed }
}

function covers(fragment: ListedFragment, instantMs: number): boolean {
  const overhangMs = Math.min(OVERHANG_MS, fragment.lengthMs / 2)
  return instantMs - fragment.producerTimestampMs < fragment.lengthMs - overhangMs
}
