// What a stream's description says against a clip request, before any footage is listed.

import type { EpochMs } from '../lib/clock.js'
import type { ClipIssue } from './clip-issue.js'
import { givenText, instantText, toError } from './clip-issue-text.js'
import type { ClipRequest } from './clip-request.js'
import { KVS_LIMITS } from './limits.js'
import type { StreamRef } from './stream-ref.js'
import type { TimeRange } from './time-range.js'

export interface StreamFacts {
  readonly status: 'CREATING' | 'ACTIVE' | 'UPDATING' | 'DELETING'
  readonly createdAtMs: EpochMs
  readonly dataRetentionInHours: number
}

/** The oldest instant by server time that can still be clipped; null when nothing is kept. */
export function toRetainedFrom({ createdAtMs, dataRetentionInHours }: StreamFacts, nowMs: EpochMs): EpochMs | null {
  return dataRetentionInHours === 0 ? null : Math.max(createdAtMs, nowMs - dataRetentionInHours * 3_600_000)
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
  // A producer's clock says nothing about how long ago its footage came in.
  return request.fragmentSelectorType === 'SERVER_TIMESTAMP' ? retentionIssues(request.range, retainedFrom, nowMs) : []
}

function retentionIssues({ startMs, endMs }: TimeRange, retainedFromMs: EpochMs, nowMs: EpochMs): ClipIssue[] {
  // The service wants a start later than its oldest point, which moves on while the request is under way. Asked for from that very
  // point on, footage is given: what GetClip is sent starts with the first fragment, whatever was asked.
  const ranges = (end: EpochMs) => [{ startMs: Math.max(retainedFromMs + 1, end - KVS_LIMITS.maxRangeHours * 3_600_000), endMs: end }]
  const kept = `footage is kept from ${instantText(retainedFromMs)} on`
  if (endMs <= retainedFromMs) {
    const text = `The range ends at ${instantText(endMs)}, and ${kept}.`
    return [toError('END_BEFORE_RETENTION', text, { path: ['endTimestamp'], hint: 'Ask for later footage.', ranges: ranges(nowMs - 1) })]
  }
  if (startMs >= retainedFromMs) return []
  const text = `The range starts at ${instantText(startMs)}, and ${kept}.`
  return [toError('START_BEFORE_RETENTION', text, { path: ['startTimestamp'], hint: 'Start later.', ranges: ranges(endMs) })]
}
