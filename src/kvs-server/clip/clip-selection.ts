// Which fragments GetClip takes, once the index has given those whose start lies in the range. Pure: rows in, rows out.
import type { EpochMs } from '../../lib/clock.js'

export const MAX_CLIP_FRAGMENTS = 200
/**
 * 100 MB, read as decimal (the service's own sample counts that way), over the fragments' listed sizes, so that a caller of
 * ListFragments can tell beforehand. The fragment that would cross it is left out.
 */
export const MAX_CLIP_BYTES = 100_000_000

/** What selection looks at. */
export interface SelectableFragment {
  readonly sequence: number
  readonly producerTimestampMs: EpochMs
  readonly lengthMs: number
  readonly sizeBytes: number
}

/** The first 200 fragments or 100 MB, whichever is less; but never nothing of something. */
export function limitClip<Fragment extends SelectableFragment>(fragments: Iterable<Fragment>): Fragment[] {
  const taken: Fragment[] = []
  let bytes = 0
  for (const fragment of fragments) {
    bytes += fragment.sizeBytes
    if (bytes > MAX_CLIP_BYTES && taken.length > 0) break
    taken.push(fragment)
    if (taken.length === MAX_CLIP_FRAGMENTS) break
  }
  return taken
}

/**
 * Audio and B-frames make a fragment reach a little into the next one of its own run. Only what starts deeper inside an older fragment
 * than this, or than half of it, is another run over the same time.
 */
const OVERHANG_MS = 500

/**
 * By producer time, duplicates are one, and where two runs of ingestion cover the same time only the oldest is given. Takes fragments
 * in order of producer time, then of ingestion; leaves out each that starts inside an older one that is itself given.
 */
export function* withoutNewerRuns<Fragment extends SelectableFragment>(fragments: Iterable<Fragment>): Generator<Fragment> {
  // Of those given, the ones that are still long enough to cover what comes.
  let reaching: Fragment[] = []
  for (const fragment of fragments) {
    reaching = reaching.filter((other) => other.producerTimestampMs + other.lengthMs >= fragment.producerTimestampMs)
    if (reaching.some((other) => other.sequence < fragment.sequence && covers(other, fragment.producerTimestampMs))) continue
    reaching.push(fragment)
    yield fragment
  }
}

function covers({ producerTimestampMs, lengthMs }: SelectableFragment, instantMs: EpochMs): boolean {
  const distanceMs = instantMs - producerTimestampMs
  return distanceMs === 0 || distanceMs < lengthMs - Math.min(OVERHANG_MS, lengthMs / 2)
}
