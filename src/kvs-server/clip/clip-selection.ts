// The limits of GetClip on the fragments of a range.

export const MAX_CLIP_FRAGMENTS = 200
/**
 * 100 MB, decimal as in the service's own sample, summed over the listed sizes of fragments so that a caller of ListFragments can predict it.
 * The fragment that would exceed the limit is left out.
 */
export const MAX_CLIP_BYTES = 100_000_000

/** What selection looks at. */
export interface SelectableFragment {
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
