// Issues that follow from the description of a stream, before footage is listed.

import type { EpochMs } from '../lib/clock.js'
import type { ClipIssue } from './clip-issue.js'
import { givenText, instantText, toError } from './clip-issue-text.js'
import type { ClipRequest } from './clip-request.js'
import { KVS_LIMITS } from './limits.js'
import { type RetentionFacts, toRetainedFrom } from './retention.js'
import type { StreamRef } from './stream-ref.js'
import type { TimeRange } from './time-range.js'

export interface StreamFacts extends RetentionFacts {
  readonly status: 'CREATING' | 'ACTIVE' | 'UPDATING' | 'DELETING'
}

/** The input field that named the stream. */
export function toStreamPath(stream: StreamRef): readonly string[] {
  return ['name' in stream ? 'streamName' : 'streamArn']
}

export function streamNotFoundIssue(stream: StreamRef): ClipIssue {
  const given = 'name' in stream ? stream.name : stream.arn
  const hint = 'Query.streams lists the streams in this account and Region.'
  return toError('STREAM_NOT_FOUND', `The stream ${givenText(given)} does not exist.`, { path: toStreamPath(stream), hint })
}

export function streamIssues(
  request: Pick<ClipRequest, 'stream' | 'range' | 'fragmentSelectorType'>,
  facts: StreamFacts,
  nowMs: EpochMs,
): ClipIssue[] {
  const path = toStreamPath(request.stream)
  if (facts.status === 'CREATING' || facts.status === 'DELETING') {
    const hint = facts.status === 'CREATING' ? 'Retry when it is ACTIVE.' : null
    const text = `The stream must be ACTIVE, but is ${facts.status}.`
    return [toError('STREAM_NOT_ACTIVE', text, { path, hint, retryAfterMs: facts.status === 'CREATING' ? 5000 : null })]
  }
  const retainedFrom = toRetainedFrom(facts, nowMs)
  if (retainedFrom === null) {
    const hint = 'Set its data retention with UpdateDataRetention. Clips are possible for footage ingested after that.'
    return [
      toError('NO_DATA_RETENTION', 'The stream stores no footage, because its data retention is 0 hours.', {
        path,
        hint,
      }),
    ]
  }
  // Producer timestamps do not show when footage was ingested.
  return request.fragmentSelectorType === 'SERVER_TIMESTAMP' ? retentionIssues(request.range, retainedFrom, nowMs) : []
}

function retentionIssues({ startMs, endMs }: TimeRange, retainedFromMs: EpochMs, nowMs: EpochMs): ClipIssue[] {
  // The service requires a start after its oldest instant, which moves forward during the request. A request from exactly that instant
  // succeeds, because the range sent to GetClip starts with the first fragment.
  const ranges = (end: EpochMs) => [{ startMs: Math.max(retainedFromMs + 1, end - KVS_LIMITS.maxRangeHours * 3_600_000), endMs: end }]
  const retained = `The oldest footage is from ${instantText(retainedFromMs)}`
  if (endMs <= retainedFromMs) {
    const text = `The range ends at ${instantText(endMs)}. ${retained}.`
    return [toError('END_BEFORE_RETENTION', text, { path: ['endTimestamp'], hint: 'Request later footage.', ranges: ranges(nowMs - 1) })]
  }
  if (startMs >= retainedFromMs) return []
  const text = `The range starts at ${instantText(startMs)}. ${retained}.`
  return [toError('START_BEFORE_RETENTION', text, { path: ['startTimestamp'], hint: 'Start later.', ranges: ranges(endMs) })]
}
