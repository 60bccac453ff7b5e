import type { AuditEvent } from '../audit/audit-event.js'
import type { Caller } from '../auth/caller.js'
import type { Clip, ClipAnswer, ClipInput } from '../domain/clip.js'
import { GatewayError } from '../domain/errors.js'
import type { TimeRange } from '../domain/time-range.js'
import type { EpochMs } from '../lib/clock.js'
import type { ClipContent } from './serve/clip-content.js'
import type { RevocationTarget } from './url/revoke-clip-urls.js'

export interface AuditedDownload extends Pick<AuditEvent, 'address' | 'requestId'> {
  readonly content: Pick<ClipContent, 'streamArn' | 'requested' | 'identity' | 'principal'>
  readonly outcome: 'complete' | 'aborted' | 'failed'
  readonly bytesSent: number
}

/** Records who asked for which clip, and what the answer was. */
export class ClipAudit {
  constructor(private readonly record: (event: AuditEvent) => void) {}

  requested(input: ClipInput, caller: Caller, answer: Promise<ClipAnswer>): Promise<ClipAnswer> {
    const stream = input.streamArn ?? input.streamName ?? null
    const asked = { stream, range: toRange({ startMs: input.startTimestamp, endMs: input.endTimestamp }) }
    return this.#recordAnswer('clip.requested', asked, caller, answer)
  }

  downloaded({ content, outcome, bytesSent, address, requestId }: AuditedDownload): void {
    const { streamArn, requested, identity, principal } = content
    const about = { event: 'clip.downloaded', principal: principal || null, address, requestId } as const
    const clip = { stream: streamArn, range: toRange(requested), etag: identity?.etag ?? null, sizeBytes: identity?.sizeBytes ?? null }
    this.record({ ...about, ...clip, outcome, bytesSent })
  }

  /** `stream` is what is revoked: `clip:ID` or `principal:ID`. */
  async revoked({ clipId, principal }: RevocationTarget, caller: Caller, answer: Promise<EpochMs>): Promise<EpochMs> {
    const stream = clipId === null ? `principal:${principal}` : `clip:${clipId}`
    const about = { event: 'urls.revoked', ...ofCaller(caller), stream, range: null, ...NO_CLIP } as const
    try {
      const revokedBeforeMs = await answer
      this.record({ ...about, outcome: 'REVOKED' })
      return revokedBeforeMs
    } catch (error) {
      this.record({ ...about, outcome: codeOf(error) })
      throw error
    }
  }

  renewed(caller: Caller, answer: Promise<ClipAnswer | null>): Promise<ClipAnswer | null> {
    return this.#recordAnswer('url.renewed', { stream: null, range: null }, caller, answer)
  }

  async #recordAnswer<Answer extends ClipAnswer | null>(
    event: AuditEvent['event'],
    asked: Pick<AuditEvent, 'stream' | 'range'>,
    caller: Caller,
    answer: Promise<Answer>,
  ): Promise<Answer> {
    const about = { event, ...ofCaller(caller) } as const
    try {
      const given = await answer
      this.record({ ...about, ...asked, ...(given?.clip ? ofClip(given.clip) : NO_CLIP), outcome: outcomeOf(given) })
      return given
    } catch (error) {
      this.record({ ...about, ...asked, ...NO_CLIP, outcome: codeOf(error) })
      throw error
    }
  }
}

function ofCaller({ principal, requestId }: Caller) {
  return { principal: principal.id || null, requestId, address: null, bytesSent: null } as const
}

function codeOf(error: unknown): string {
  return error instanceof GatewayError ? error.code : 'INTERNAL'
}

const NO_CLIP = { etag: null, sizeBytes: null } as const

function ofClip({ streamArn, requested, etag, sizeBytes }: Clip): Pick<AuditEvent, 'stream' | 'range' | 'etag' | 'sizeBytes'> {
  return { stream: streamArn, range: toRange(requested), etag, sizeBytes }
}

function outcomeOf(answer: ClipAnswer | null): string {
  if (answer === null) return 'NOT_FOUND'
  if (answer.clip !== null) return answer.clip.state
  const errors = answer.issues.filter(({ severity }) => severity === 'ERROR').map(({ code }) => code)
  return [...new Set(errors)].join(' ')
}

function toRange({ startMs, endMs }: TimeRange): AuditEvent['range'] {
  return { start: toText(startMs), end: toText(endMs) }
}

/** A client may ask for an instant that has no date. */
function toText(ms: number): string {
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? String(ms) : date.toISOString()
}
