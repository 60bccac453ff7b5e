import { type ErrorCode, GatewayError } from '../../domain/errors.js'
import { isOutOfDescriptors } from '../../lib/thrown.js'
import { ClipUnavailable, type ClipUnavailableReason } from '../serve/clip-unavailable.js'
import { type PartBreakage, PartBroken, StoreFull } from '../store/part-broken.js'

const REASONS: Readonly<Record<ErrorCode, ClipUnavailableReason>> = {
  BAD_USER_INPUT: 'INTERNAL',
  UNAUTHENTICATED: 'INTERNAL',
  FORBIDDEN: 'INTERNAL',
  NOT_FOUND: 'FOOTAGE_EXPIRED',
  RATE_LIMITED: 'KVS_THROTTLED',
  KVS_THROTTLED: 'KVS_THROTTLED',
  KVS_UNAVAILABLE: 'KVS_FAILED',
  KVS_ACCESS_DENIED: 'KVS_ACCESS_DENIED',
  INTERNAL_SERVER_ERROR: 'INTERNAL',
}

/** Why bytes that were asked of a part cannot be had. */
export function toClipUnavailable(error: unknown): ClipUnavailable {
  if (error instanceof ClipUnavailable) return error
  if (error instanceof StoreFull) return new ClipUnavailable('STORE_FULL', 'The clip store is full. Retry later.', { cause: error })
  if (error instanceof PartBroken) return toUnavailablePart(error)
  if (error instanceof GatewayError && !isOutOfDescriptors(error)) {
    return new ClipUnavailable(REASONS[error.code], error.message, { retryAfterMs: error.details.retryAfterMs ?? null, cause: error })
  }
  if (isOutOfDescriptors(error)) {
    return new ClipUnavailable('OVERLOADED', 'The gateway has too many files and connections open. Ask again later.', { cause: error })
  }
  return new ClipUnavailable('INTERNAL', 'The clip could not be read.', { cause: error })
}

const OWN_BREAKAGES: ReadonlySet<PartBreakage> = new Set(['DAMAGED', 'UNREADABLE', 'CLOSED'])

function toUnavailablePart(error: PartBroken): ClipUnavailable {
  // A damaged part is gone by now, and asking again fetches it again; so it is with what was cut off.
  const reason = OWN_BREAKAGES.has(error.breakage) ? 'INTERNAL' : 'KVS_FAILED'
  const message = reason === 'INTERNAL' ? 'The clip could not be read. Retry the request.' : 'Kinesis Video did not send the whole clip.'
  return new ClipUnavailable(reason, message, { cause: error })
}
