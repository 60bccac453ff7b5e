import type { EpochMs } from '../lib/clock.js'
import type { ClipIssue } from './clip-issue.js'
import type { FragmentSelectorType, TimeRange } from './time-range.js'

export type ClipCut = 'FRAGMENT' | 'EXACT'
export type ClipOverflow = 'JOIN' | 'TRUNCATE' | 'REFUSE'

/** A clip request from a client. `parseClipRequest` turns it into a ClipRequest or a list of issues. */
export interface ClipInput {
  readonly streamName?: string | null
  readonly streamArn?: string | null
  readonly fragmentSelectorType: FragmentSelectorType
  readonly startTimestamp: EpochMs
  readonly endTimestamp: EpochMs
  readonly cut: ClipCut
  readonly overflow: ClipOverflow
  readonly fileName?: string | null
  readonly expiresInSeconds?: number | null
}

export interface ClipPlanSummary {
  readonly fragmentCount: number
  /** The sum of the fragments' sizes as the service reports them. */
  readonly estimatedBytes: number
  readonly requested: TimeRange
  readonly delivered: TimeRange
  readonly truncated: boolean
  readonly gaps: readonly TimeRange[]
  readonly parts: number
}

export interface ClipValidation {
  readonly valid: boolean
  readonly issues: readonly ClipIssue[]
  readonly plan: ClipPlanSummary | null
}

export type ClipFailureCode =
  | 'FOOTAGE_EXPIRED'
  | 'FOOTAGE_CHANGED'
  | 'CODEC_CHANGES'
  | 'KVS_THROTTLED'
  | 'KVS_UNAVAILABLE'
  | 'KVS_ACCESS_DENIED'
  | 'STORE_FULL'
  | 'INTERNAL'

export interface ClipFailure {
  readonly code: ClipFailureCode
  readonly message: string
  readonly retryable: boolean
  readonly ranges: readonly TimeRange[]
}

/** A clip in the API: the request, the result and the URL. */
export interface Clip extends Omit<ClipPlanSummary, 'estimatedBytes' | 'parts'> {
  readonly id: string
  readonly state: 'IDLE' | 'FETCHING' | 'READY' | 'FAILED'
  readonly form: 'REBUILT' | 'PASSTHROUGH'
  readonly streamArn: string
  readonly downloadUrl: string
  readonly expiresAtMs: EpochMs
  readonly fileName: string
  readonly contentType: string
  readonly timeline: readonly { readonly mediaStartMs: number; readonly range: TimeRange }[]
  /** Exact. Null until the clip is READY. */
  readonly sizeBytes: number | null
  readonly durationMs: number
  /** From 0 to 1. */
  readonly progress: number
  readonly etag: string | null
  readonly failure: ClipFailure | null
}

export interface ClipAnswer {
  /** Null if and only if an issue has severity ERROR. */
  readonly clip: Clip | null
  readonly issues: readonly ClipIssue[]
}
