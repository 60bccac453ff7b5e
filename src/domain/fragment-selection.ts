// The fragments that GetClip selects for a range: their start is in the range, both ends inclusive. By producer time, fragments with equal
// timestamps count as one, and if two ingest runs cover the same time, GetClip returns only the oldest run.
// https://docs.aws.amazon.com/kinesisvideostreams/latest/dg/API_reader_ClipFragmentSelector.html

import { dropNewerRuns, type ShadowedFragment } from './ingest-runs.js'
import { type ListedFragment, startOf, toPlayingOrder } from './listed-fragment.js'
import type { FragmentSelectorType, TimeRange } from './time-range.js'

export interface FragmentSelection {
  /** In playing order. */
  readonly fragments: readonly ListedFragment[]
  /** By producer time: omitted because older footage covers them. */
  readonly shadowed: readonly ShadowedFragment[]
}

export function selectFragments(listed: readonly ListedFragment[], selector: FragmentSelectorType, range: TimeRange): FragmentSelection {
  const inside = listed.filter((fragment) => {
    const start = startOf(fragment, selector)
    return start >= range.startMs && start <= range.endMs
  })
  const fragments = toPlayingOrder(inside, selector)
  return selector === 'SERVER_TIMESTAMP' ? { fragments, shadowed: [] } : dropNewerRuns(fragments)
}
