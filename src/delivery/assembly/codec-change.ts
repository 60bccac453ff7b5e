import { GatewayError } from '../../domain/errors.js'
import { selectFragments } from '../../domain/fragment-selection.js'
import { startOf } from '../../domain/listed-fragment.js'
import type { MediaSignature } from '../../domain/media-signature.js'
import type { FragmentLister } from '../../kvs/ports.js'
import type { EpochMs } from '../../lib/clock.js'
import type { JoinRefusal } from '../../media/mp4/join.js'
import type { ClipSpec } from '../url/clip-spec.js'
import type { OutlinedPart } from './clip-outline.js'

/** Reading fragments takes its time; whoever asks for the clip is answered within it. */
const MAX_SEARCH_MS = 15_000
/** Where the tracks of the last fragment are those of the first, they may have changed and changed back: so finely that is looked for. */
const FINEST_SPREAD = 8

export interface CodecChangeSources {
  readonly fragments: FragmentLister
  /** What the tracks of a fragment are. @throws GatewayError */
  readonly signatureOf: (streamArn: string, fragmentNumber: string, signal: AbortSignal) => Promise<MediaSignature>
}

export interface CodecChange {
  readonly reason: Extract<JoinRefusal, 'TRACKS_CHANGE' | 'CODEC_CHANGES'>
  /** Where the first fragment with the other tracks begins, by the selector's clock. */
  readonly instantMs: EpochMs
}

interface RefusedPart {
  readonly spec: Pick<ClipSpec, 'streamArn' | 'fragmentSelectorType'>
  readonly part: Pick<OutlinedPart, 'range' | 'fragmentCount'>
}

/**
 * Where the tracks change inside a part that Kinesis Video refuses for it, without saying where: some eight single fragments are read for
 * it, twice as many at most. Null when no change is found, in time or at all.
 */
export async function findCodecChange(sources: CodecChangeSources, refused: RefusedPart, signal: AbortSignal): Promise<CodecChange | null> {
  const limit = AbortSignal.timeout(MAX_SEARCH_MS)
  try {
    return await search(sources, refused, AbortSignal.any([signal, limit]))
  } catch (error) {
    signal.throwIfAborted()
    // The refusal itself is still told.
    if (limit.aborted || error instanceof GatewayError) return null
    throw error
  }
}

async function search(sources: CodecChangeSources, { spec, part }: RefusedPart, signal: AbortSignal): Promise<CodecChange | null> {
  const { streamArn, fragmentSelectorType } = spec
  const query = { streamArn, fragmentSelectorType, range: part.range, expected: part.fragmentCount }
  const { fragments } = selectFragments(await sources.fragments.list(query, signal), fragmentSelectorType, part.range)
  const read: Read = (index) => sources.signatureOf(streamArn, fragments[index]?.fragmentNumber ?? '', signal)
  if (fragments.length < 2) return null
  const first = await read(0)
  const other = await findOther(first, fragments.length - 1, read)
  if (other === null) return null
  const changedAt = await narrow(first, other, read)
  const reason = (await read(changedAt)).layout === first.layout ? 'CODEC_CHANGES' : 'TRACKS_CHANGE'
  const fragment = fragments[changedAt]
  return fragment === undefined ? null : { reason, instantMs: startOf(fragment, fragmentSelectorType) }
}

type Read = (index: number) => Promise<MediaSignature>

/** The number of a fragment that is not like the first, although the one before it is. */
async function narrow(first: MediaSignature, other: number, read: Read): Promise<number> {
  let [same, changed] = [0, other]
  while (changed - same > 1) {
    const middle = (same + changed) >>> 1
    if (isSame(first, await read(middle))) same = middle
    else changed = middle
  }
  return changed
}

/** The number of any fragment that is not like the first; null when none is found. */
async function findOther(first: MediaSignature, last: number, read: Read): Promise<number | null> {
  for (const index of new Set([last, ...spread(last)])) {
    if (index > 0 && !isSame(first, await read(index))) return index
  }
  return null
}

/** The middle, then the middles of what is on either side of it, and so on. */
function* spread(last: number): Generator<number> {
  for (let parts = 2; parts <= FINEST_SPREAD; parts *= 2) {
    for (let at = 1; at < parts; at += 2) yield Math.round((last * at) / parts)
  }
}

function isSame(a: MediaSignature, b: MediaSignature): boolean {
  return a.layout === b.layout && a.configuration === b.configuration
}
