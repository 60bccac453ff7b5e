import { ERRORS, GatewayError } from '../../domain/errors.js'
import type { TimeRange } from '../../domain/time-range.js'
import { ClipRefused } from '../../kvs/ports.js'
import { isOutOfDescriptors } from '../../lib/thrown.js'
import { MalformedMedia } from '../../media/malformed-media.js'
import { type PartBreakage, PartBroken, StoreFull } from '../parts/part-broken.js'
import type { ClipOutline, OutlinedPart } from '../plan/clip-outline.js'
import { ClipUnavailable } from '../serve/clip-unavailable.js'
import { toChangeMismatch, toPartMismatch } from '../verify/clip-mismatch.js'
import { type CodecChangeSources, findCodecChange } from '../verify/codec-change.js'
import { toRefusedUnavailable } from './clip-refusal.js'

/** If the service refuses the part because of its codecs, finds where they change. The refusal does not say where. */
export async function explainFailure(
  error: unknown,
  { outline, part }: { readonly outline: ClipOutline; readonly part: OutlinedPart },
  { sources, signal }: { readonly sources: CodecChangeSources; readonly signal: AbortSignal },
): Promise<ClipUnavailable> {
  if (error instanceof ClipRefused && error.refusal === 'INVALID_CODEC_PRIVATE_DATA') {
    const change = await findCodecChange(sources, outline.spec, signal)
    if (change !== null) return toChangeMismatch(change, outline, error)
  }
  return toPartUnavailable(error, part.range)
}

export interface ExplainedMismatch {
  readonly unavailable: ClipUnavailable
  /** Whether the footage does not confirm the error. A response may then be damaged. */
  readonly isDoubtful: boolean
}

/** Parts that do not fit together show one change. The footage is searched, because the clip may have more. */
export async function explainMismatch(
  error: unknown,
  outline: ClipOutline,
  { sources, signal }: { readonly sources: CodecChangeSources; readonly signal: AbortSignal },
): Promise<ExplainedMismatch> {
  const code = error instanceof ClipUnavailable ? error.details.issue?.code : undefined
  const isChange = code === 'CODEC_PRIVATE_DATA_CHANGES' || code === 'TRACKS_CHANGE'
  const change = isChange ? await findCodecChange(sources, outline.spec, signal) : null
  if (change !== null) return { unavailable: toChangeMismatch(change, outline, error), isDoubtful: false }
  const isDoubtful = isChange || error instanceof MalformedMedia
  return { unavailable: toPartUnavailable(error, outline.spec.range), isDoubtful }
}

export function toUnclear(reason: string, partIndex: number, outline: Pick<ClipOutline, 'parts' | 'spec'>): ClipUnavailable {
  const message = `Kinesis Video's file holds something that cannot be laid out anew (${reason})`
  return toPartMismatch({ reason: 'JOIN_NOT_POSSIBLE', partIndex, message }, outline)
}

export function toPartUnavailable(error: unknown, range: TimeRange): ClipUnavailable {
  if (error instanceof MalformedMedia) {
    return new ClipUnavailable('KVS_FAILED', 'Kinesis Video sent a file that is damaged.', { retryAfterMs: 1000, cause: error })
  }
  return toRefusedUnavailable(error, range) ?? toClipUnavailable(error)
}

export function toClipUnavailable(error: unknown): ClipUnavailable {
  if (error instanceof ClipUnavailable) return error
  if (error instanceof StoreFull) return new ClipUnavailable('STORE_FULL', 'The clip store is full. Retry later.', { cause: error })
  if (error instanceof PartBroken) return toUnavailablePart(error)
  if (error instanceof GatewayError && !isOutOfDescriptors(error)) {
    return new ClipUnavailable(ERRORS[error.code].clip, error.message, { retryAfterMs: error.details.retryAfterMs, cause: error })
  }
  if (isOutOfDescriptors(error)) {
    return new ClipUnavailable('OVERLOADED', 'The gateway has too many files and connections open. Retry later.', { cause: error })
  }
  return new ClipUnavailable('INTERNAL', 'The clip could not be read.', { cause: error })
}

const OWN_BREAKAGES: ReadonlySet<PartBreakage> = new Set(['DAMAGED', 'UNREADABLE', 'CLOSED'])

function toUnavailablePart(error: PartBroken): ClipUnavailable {
  // A damaged part has been removed from the store, and a truncated one was never stored. A retry fetches the part again.
  const reason = OWN_BREAKAGES.has(error.breakage) ? 'INTERNAL' : 'KVS_FAILED'
  const message = reason === 'INTERNAL' ? 'The clip could not be read. Retry the request.' : 'Kinesis Video did not send the whole clip.'
  return new ClipUnavailable(reason, message, { cause: error })
}
