import type { ClipIssue } from '../../domain/clip-issue.js'
import type { ClipRequest } from '../../domain/clip-request.js'
import type { GatewayError } from '../../domain/errors.js'
import { toStreamPath } from '../../domain/stream-issues.js'
import { nameOf } from '../../lib/thrown.js'
import { ClipUnavailable } from '../serve/clip-unavailable.js'
import type { ClipJob } from './clip-job.js'
import { toRefusalIssue } from './clip-refusal.js'

/** The throttling error if the request timed out while throttled: the job continues, so a retry helps. @throws the reason otherwise */
export function toLateFailure({ reason }: AbortSignal, { throttled }: ClipJob): GatewayError {
  if (throttled !== null && nameOf(reason) === 'TimeoutError') return throttled
  throw reason
}

export function toIssue(error: unknown, asked: Pick<ClipRequest, 'range' | 'stream'>): ClipIssue | null {
  const refusal = toRefusalIssue(error, asked)
  if (refusal !== null || !(error instanceof ClipUnavailable)) return refusal
  return error.details.issue ?? toRefusalIssue(error.cause, asked)
}

/** An issue of the first fragment, as an issue of the clip. An exact cut fetches the missing key frame, so it has no such issue. */
export function toClipIssue(issue: ClipIssue, { cut, stream }: Pick<ClipRequest, 'cut' | 'stream'>): ClipIssue[] {
  if (issue.code !== 'STARTS_WITHOUT_KEY_FRAME') return [{ ...issue, path: toStreamPath(stream) }]
  return cut === 'EXACT' ? [] : [{ ...issue, path: ['startTimestamp'] }]
}
