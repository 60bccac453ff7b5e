import { encodeExtended } from 'content-disposition'
import { CLIP_ERRORS } from '../../domain/errors.js'
import { toSafeFileName } from '../../domain/file-name.js'
import { type ByteSpan, parseByteRange } from './byte-range.js'
import type { ClipContent } from './clip-content.js'
import type { ClipUnavailable } from './clip-unavailable.js'
import { type ConditionalHeaders, evaluatePreconditions, isRangeWanted, needsEtag } from './conditional.js'
import { toHttpDate } from './http-date.js'
import { type Problem, toProblemBody, toRetryAfter } from './problem.js'

// Decides the response to a clip request: the status, the headers and the bytes to send. Does no I/O and uses no framework.

export interface ClipHttpRequest {
  readonly method: 'GET' | 'HEAD'
  readonly headers: ConditionalHeaders & { readonly range?: string | undefined }
  /** Whether the URL has `?download`: the browser saves the clip instead of showing it. */
  readonly isDownload: boolean
}

export type DescribedClip = Pick<ClipContent, 'form' | 'fileName' | 'lastModifiedMs' | 'urlExpiresAtMs' | 'identity'>

export interface ClipResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Bytes of the clip, other bytes, or null for no body. */
  readonly body: { readonly clip: ByteSpan | 'all' } | { readonly bytes: Buffer } | null
}

const CORS_HEADERS = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers':
    'Accept-Ranges, Content-Disposition, Content-Length, Content-Range, ETag, Last-Modified, Retry-After, X-Request-Id',
  // Pages of other origins show clips. Pages that require isolation (COEP) load only resources with this header.
  'cross-origin-resource-policy': 'cross-origin',
  'x-content-type-options': 'nosniff',
  // Some origins may send credentials. They get their own origin instead of `*`.
  vary: 'Origin',
} as const

/** Null if the response depends on a size or ETag that is not known yet. Call again when the clip is identified. */
export function decideClipResponse(request: ClipHttpRequest, clip: DescribedClip, nowMs: number): ClipResponse | null {
  if (clip.identity === null && (clip.form === 'REBUILT' || needsEtag(request.headers))) return null
  const validators = { etag: clip.identity?.etag ?? null, lastModifiedMs: clip.lastModifiedMs }
  switch (evaluatePreconditions(request.headers, validators, nowMs)) {
    case 'failed':
      return toProblemResponse({ status: 412, code: 'PRECONDITION_FAILED', detail: 'The clip is not the one that the conditions name.' })
    case 'not-modified':
      return { status: 304, headers: { ...CORS_HEADERS, ...toCacheHeaders(clip, nowMs) }, body: null }
    case 'holds':
      return clip.identity === null ? toUnmeasured(request, clip, nowMs) : toMeasured(request, clip, { ...clip.identity, nowMs })
  }
}

/** Clips are read-only. `allow` lists the methods that the URL accepts. */
export function toWrongMethodResponse(allow: string): ClipResponse {
  return toProblemResponse({
    status: 405,
    code: 'METHOD_NOT_ALLOWED',
    detail: `Method not allowed. Use ${allow}.`,
  })
}

/** The size was not known before the request timed out. */
export function toNotReadyResponse(): ClipResponse {
  return toProblemResponse({
    status: 503,
    code: 'NOT_READY',
    detail: 'The clip is still being fetched. Send the request again.',
    retryAfterMs: RETRY_AFTER_MS,
  })
}

const RETRY_AFTER_MS = 5_000

export const CLIP_METHODS = 'GET, HEAD, OPTIONS'

/**
 * The response to a CORS preflight, from a page on another origin that reads with Range (Fetch, CORS-preflight). `allowed` has the headers
 * for what the page may send.
 */
export function toPreflightResponse(allowed: Readonly<Record<string, string>>): ClipResponse {
  return { status: 204, headers: { ...CORS_HEADERS, allow: CLIP_METHODS, ...allowed }, body: null }
}

export function toUnavailableResponse({ reason, message, details }: ClipUnavailable): ClipResponse {
  const { status } = CLIP_ERRORS[reason]
  return toProblemResponse({
    status,
    code: reason,
    detail: message,
    retryAfterMs: details.retryAfterMs ?? (status === 503 ? RETRY_AFTER_MS : null),
  })
}

function toProblemResponse(problem: Problem): ClipResponse {
  const bytes = toProblemBody(problem)
  const { status, retryAfterMs = null } = problem
  const headers = {
    ...CORS_HEADERS,
    'content-type': 'application/problem+json',
    'content-length': String(bytes.byteLength),
    // A later request may succeed.
    'cache-control': 'no-store',
    ...(retryAfterMs === null ? {} : { 'retry-after': toRetryAfter(retryAfterMs) }),
  }
  return { status, headers, body: { bytes } }
}

// Only a passed-through clip that is still arriving has no length. The response ignores a Range, as RFC 9110, 14.2 allows.
function toUnmeasured(request: ClipHttpRequest, clip: DescribedClip, nowMs: number): ClipResponse {
  const headers = { ...toContentHeaders(request, clip, nowMs), 'accept-ranges': 'none' }
  return { status: 200, headers, body: request.method === 'HEAD' ? null : { clip: 'all' } }
}

function toMeasured(
  request: ClipHttpRequest,
  clip: DescribedClip,
  { sizeBytes, etag, nowMs }: { readonly sizeBytes: number; readonly etag: string; readonly nowMs: number },
): ClipResponse {
  const shared = { ...toContentHeaders(request, clip, nowMs), 'accept-ranges': 'bytes' }
  const whole = { status: 200, headers: { ...shared, 'content-length': String(sizeBytes) } }
  // Range is defined for GET alone (RFC 9110, 14.2).
  if (request.method === 'HEAD') return { ...whole, body: null }
  const isWanted = isRangeWanted(request.headers['if-range'], { etag, lastModifiedMs: clip.lastModifiedMs }, nowMs)
  const range = parseByteRange(isWanted ? request.headers.range : undefined, sizeBytes)
  switch (range.kind) {
    case 'whole':
      return { ...whole, body: { clip: { start: 0, end: sizeBytes } } }
    case 'unsatisfiable':
      return toUnsatisfiable(sizeBytes)
    case 'span':
      return { status: 206, headers: { ...shared, ...toRangeHeaders(range.span, sizeBytes) }, body: { clip: range.span } }
  }
}

function toRangeHeaders({ start, end }: ByteSpan, sizeBytes: number): Record<string, string> {
  return { 'content-range': `bytes ${start}-${end - 1}/${sizeBytes}`, 'content-length': String(end - start) }
}

function toUnsatisfiable(sizeBytes: number): ClipResponse {
  const detail = `The range lies outside the clip, which has ${sizeBytes} bytes.`
  const problem = toProblemResponse({ status: 416, code: 'RANGE_NOT_SATISFIABLE', detail })
  return { ...problem, headers: { ...problem.headers, 'content-range': `bytes */${sizeBytes}` } }
}

function toContentHeaders(request: ClipHttpRequest, clip: DescribedClip, nowMs: number): Record<string, string> {
  return {
    ...CORS_HEADERS,
    ...toCacheHeaders(clip, nowMs),
    'content-type': 'video/mp4',
    'content-disposition': toContentDisposition(request.isDownload ? 'attachment' : 'inline', clip.fileName),
  }
}

function toCacheHeaders(clip: DescribedClip, nowMs: number): Record<string, string> {
  const maxAgeSeconds = Math.max(0, Math.floor((clip.urlExpiresAtMs - nowMs) / 1000))
  return {
    ...(clip.identity === null ? {} : { etag: clip.identity.etag }),
    'last-modified': toHttpDate(clip.lastModifiedMs),
    'cache-control': `private, max-age=${maxAgeSeconds}, immutable`,
  }
}

/**
 * Content-Disposition (RFC 6266). Has an ASCII name for old clients. If the name has other characters, `filename*` has the full name, which
 * newer clients prefer. Some clients decode percent signs in the plain form, so a name with a percent sign has `filename*` too.
 */
export function toContentDisposition(type: 'inline' | 'attachment', fileName: string): string {
  // A safe name has no quotes, backslashes or control characters, so nothing needs to be escaped.
  const name = toSafeFileName(fileName) ?? 'clip.mp4'
  const ascii = name.replace(/[^\x20-\x7e]/gu, '_')
  const extended = ascii === name && !name.includes('%') ? '' : `; filename*=${encodeExtended(name)}`
  return `${type}; filename="${ascii}"${extended}`
}
