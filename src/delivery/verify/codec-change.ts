// Finds where codecs or tracks change inside a clip. Kinesis Video refuses such a clip without saying where. Only a new PutMedia call can
// change them, and fragment numbers usually jump there, so the fragments at jumps are read first.

import { toListingRange, toSelection } from '../../domain/clip-plan.js'
import { GatewayError } from '../../domain/errors.js'
import { compareNumbers, type ListedFragment, startOf } from '../../domain/listed-fragment.js'
import type { MediaSignature } from '../../domain/media-signature.js'
import type { TimeRange } from '../../domain/time-range.js'
import type { FragmentLister } from '../../kvs/ports.js'
import type { EpochMs } from '../../lib/clock.js'
import type { JoinRefusal } from '../../media/mp4/edit/join.js'
import type { ClipSpec } from '../url/clip-spec.js'
import { readSignatures, type Signatures } from './fragment-signatures.js'

/** The client waits while fragments are read, so the search has a time limit. */
const MAX_SEARCH_MS = 15_000
const MAX_LISTED_FRAGMENTS = 100_000
const MAX_RANGES = 300
/** Maximum number of attempts to remove fragments with other tracks or codecs from a range. */
const MAX_TRIMS = 8

export interface CodecChangeSources {
  readonly fragments: FragmentLister
  /** Returns the signature of the tracks of a fragment. @throws GatewayError */
  readonly signatureOf: (streamArn: string, fragmentNumber: string, signal: AbortSignal) => Promise<MediaSignature>
}

export interface CodecChange {
  readonly reason: Extract<JoinRefusal, 'TRACKS_CHANGE' | 'CODEC_CHANGES'>
  /** Start of the first fragment after the change, by the selector's clock. */
  readonly instantMs: EpochMs
  /** Ranges of the request that can each be one clip, in chronological order. */
  readonly ranges: readonly TimeRange[]
}

type RefusedClip = Pick<ClipSpec, 'streamArn' | 'fragmentSelectorType' | 'range' | 'cut'>

/** Returns null if no change is found within MAX_SEARCH_MS. */
export async function findCodecChange(sources: CodecChangeSources, refused: RefusedClip, signal: AbortSignal): Promise<CodecChange | null> {
  const limit = AbortSignal.timeout(MAX_SEARCH_MS)
  try {
    return await search(sources, refused, AbortSignal.any([signal, limit]))
  } catch (error) {
    signal.throwIfAborted()
    // The client still gets the original refusal.
    if (limit.aborted || error instanceof GatewayError) return null
    throw error
  }
}

async function search(sources: CodecChangeSources, refused: RefusedClip, signal: AbortSignal): Promise<CodecChange | null> {
  const { streamArn, fragmentSelectorType } = refused
  const query = { streamArn, fragmentSelectorType, range: toListingRange(refused.range), atMost: MAX_LISTED_FRAGMENTS }
  const listed = await sources.fragments.list(query, signal)
  const { fragments } = select(refused, listed, refused.range)
  if (fragments.length < 2) return null
  const byAge = listed.toSorted((a, b) => compareNumbers(a.fragmentNumber, b.fragmentNumber))
  const signatures = await readSignatures(byAge, (fragment) => sources.signatureOf(streamArn, fragment.fragmentNumber, signal))
  const groups = toGroups(fragments, signatures)
  const [first, second] = [groups[0]?.[0], groups[1]?.[0]]
  if (first === undefined || second === undefined) return null
  return {
    reason: signatures.layoutOf(first) === signatures.layoutOf(second) ? 'CODEC_CHANGES' : 'TRACKS_CHANGE',
    instantMs: startOf(second, fragmentSelectorType),
    ranges: toRanges(groups, { refused, listed, signatures }),
  }
}

function select({ fragmentSelectorType, cut }: RefusedClip, listed: readonly ListedFragment[], range: TimeRange) {
  return toSelection({ fragmentSelectorType, cut, range, overflow: 'JOIN' }, listed)
}

/** Groups consecutive fragments that can be in one file. `fragments` is in playing order. */
function toGroups(fragments: readonly ListedFragment[], signatures: Signatures): ListedFragment[][] {
  const groups: ListedFragment[][] = []
  for (const fragment of fragments) {
    const group = groups.at(-1)
    const before = group?.at(-1)
    if (group !== undefined && before !== undefined && signatures.keyOf(before) === signatures.keyOf(fragment)) group.push(fragment)
    else groups.push([fragment])
  }
  return groups
}

interface RangeFacts {
  readonly refused: RefusedClip
  readonly listed: readonly ListedFragment[]
  readonly signatures: Signatures
}

function toRanges(groups: readonly (readonly ListedFragment[])[], facts: RangeFacts): TimeRange[] {
  const { range, fragmentSelectorType } = facts.refused
  return groups
    .flatMap((group, index) => {
      const [own, next] = [group[0], groups[index + 1]?.[0]]
      if (own === undefined) return []
      const startMs = index === 0 ? range.startMs : Math.max(range.startMs, startOf(own, fragmentSelectorType))
      const endMs = next === undefined ? range.endMs : startOf(next, fragmentSelectorType) - 1
      const trimmed = trimToOne({ startMs, endMs }, own, facts)
      return trimmed === null ? [] : [trimmed]
    })
    .slice(0, MAX_RANGES)
}

/**
 * Shrinks the range until it selects only fragments with the signature of `own`. Null if that fails. An exact cut also selects fragments
 * that extend into its start. By producer time, a shorter range may select fragments that are shadowed in a longer one.
 */
function trimToOne(range: TimeRange, own: ListedFragment, { refused, listed, signatures }: RangeFacts): TimeRange | null {
  const { fragmentSelectorType: selector, cut } = refused
  let { startMs, endMs } = range
  for (let trims = 0; trims < MAX_TRIMS && endMs > startMs; trims += 1) {
    const { fragments } = select(refused, listed, { startMs, endMs })
    const isOwn = (fragment: ListedFragment) => signatures.keyOf(fragment) === signatures.keyOf(own)
    const firstOwn = fragments.findIndex(isOwn)
    if (firstOwn < 0) return null
    const lead = fragments.slice(0, firstOwn)
    const foreign = fragments.slice(firstOwn).find((fragment) => !isOwn(fragment))
    if (lead.length === 0 && foreign === undefined) return { startMs, endMs }
    for (const fragment of lead) startMs = Math.max(startMs, startOf(fragment, selector) + (cut === 'EXACT' ? fragment.lengthMs : 0) + 1)
    if (foreign !== undefined) endMs = startOf(foreign, selector) - 1
  }
  return null
}
