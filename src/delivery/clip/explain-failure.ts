// Why a part cannot be had, from whatever its fetch or its head threw.

import type { TimeRange } from '../../domain/time-range.js'
import { ClipRefused } from '../../kvs/ports.js'
import { MalformedMedia } from '../../media/malformed-media.js'
import type { ClipOutline, OutlinedPart } from '../plan/clip-outline.js'
import { ClipUnavailable } from '../serve/clip-unavailable.js'
import { ClipMismatch } from '../verify/clip-mismatch.js'
import { type CodecChangeSources, findCodecChange } from '../verify/codec-change.js'
import { toRefusedUnavailable } from './clip-refusal.js'
import { toClipUnavailable } from './to-clip-unavailable.js'

interface FailedPart {
  readonly outline: ClipOutline
  readonly part: OutlinedPart
}

/** Looks for the change where the service refuses the part for its codecs, which it does without saying where. */
export async function explainFailure(
  error: unknown,
  { outline, part }: FailedPart,
  { sources, signal }: { readonly sources: CodecChangeSources; readonly signal: AbortSignal },
): Promise<ClipUnavailable> {
  if (error instanceof ClipRefused && error.refusal === 'INVALID_CODEC_PRIVATE_DATA') {
    const change = await findCodecChange(sources, outline.spec, signal)
    if (change !== null) return ClipMismatch.ofChange(change, outline, error)
  }
  return toPartUnavailable(error, part.range)
}

export interface ExplainedMismatch {
  readonly unavailable: ClipUnavailable
  /** The footage does not say so: an answer may be damaged. */
  readonly isDoubtful: boolean
}

/** Parts that do not fit together show one change; the clip may have more. */
export async function explainMismatch(
  error: unknown,
  outline: ClipOutline,
  { sources, signal }: { readonly sources: CodecChangeSources; readonly signal: AbortSignal },
): Promise<ExplainedMismatch> {
  const isChange =
    error instanceof ClipMismatch && (error.issue.code === 'CODEC_PRIVATE_DATA_CHANGES' || error.issue.code === 'TRACKS_CHANGE')
  const change = isChange ? await findCodecChange(sources, outline.spec, signal) : null
  if (change !== null) return { unavailable: ClipMismatch.ofChange(change, outline, error), isDoubtful: false }
  const isDoubtful = isChange || error instanceof MalformedMedia
  return { unavailable: toPartUnavailable(error, outline.spec.range), isDoubtful }
}

export function toUnclear(reason: string, partIndex: number, outline: Pick<ClipOutline, 'parts' | 'spec'>): ClipMismatch {
  const message = `Kinesis Video's file holds something that cannot be laid out anew (${reason})`
  return ClipMismatch.ofPart({ reason: 'JOIN_NOT_POSSIBLE', partIndex, message }, outline)
}

export function toPartUnavailable(error: unknown, range: TimeRange): ClipUnavailable {
  if (error instanceof MalformedMedia) {
    return new ClipUnavailable('KVS_FAILED', 'Kinesis Video sent a file that is damaged.', { retryAfterMs: 1000, cause: error })
  }
  return toRefusedUnavailable(error, range) ?? toClipUnavailable(error)
}
