// What GetClip picks out of the archive for a range: fragments whose start lies in it, both ends inclusive. By producer time,
// fragments with equal timestamps are one, and where two runs of ingestion cover the same time only the oldest run is given back.
// https://docs.aws.amazon.com/kinesisvideostreams/latest/dg/API_reader_ClipFragmentSelector.html

import { dropNewerRuns, type ShadowedFragment } from './ingest-runs.js'
import { type ListedFragment, startOf, toPlayingOrder } from './listed-fragment.js'
import type { FragmentSelectorType, TimeRange } from './time-range.js'

export interface FragmentSelection {
  /** In playing order. */
  readonly fragments: readonly ListedFragment[]
  /** By producer time: what is left out because older footage covers it. */
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
