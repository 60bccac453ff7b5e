import { parseHttpDate } from './http-date.js'

export interface ConditionalHeaders {
  readonly 'if-match'?: string | undefined
  readonly 'if-none-match'?: string | undefined
  readonly 'if-modified-since'?: string | undefined
  readonly 'if-unmodified-since'?: string | undefined
  readonly 'if-range'?: string | undefined
}

/** The validators of a representation (RFC 9110, 8.8). */
export interface Validators {
  /** Strong ETag, including the quotes. Null if it is not known yet. */
  readonly etag: string | null
  readonly lastModifiedMs: number
}

export type Precondition = 'holds' | 'not-modified' | 'failed'

const ENTITY_TAG = /(W\/)?("[\x21\x23-\x7e\x80-\xff]*")/g

/** Evaluates the conditions of a GET or HEAD request in the order of RFC 9110, 13.2.2. */
export function evaluatePreconditions(headers: ConditionalHeaders, validators: Validators, nowMs: number): Precondition {
  const lastModified = Math.floor(validators.lastModifiedMs / 1000)
  const ifMatch = headers['if-match']
  const unmodifiedSince = parseDate(headers['if-unmodified-since'], nowMs)
  if (ifMatch !== undefined) {
    if (!matchesStrongly(ifMatch, validators.etag)) return 'failed'
  } else if (unmodifiedSince !== null && lastModified > unmodifiedSince) return 'failed'
  const ifNoneMatch = headers['if-none-match']
  if (ifNoneMatch !== undefined) return matchesWeakly(ifNoneMatch, validators.etag) ? 'not-modified' : 'holds'
  const modifiedSince = parseDate(headers['if-modified-since'], nowMs)
  return modifiedSince !== null && lastModified <= modifiedSince ? 'not-modified' : 'holds'
}

/**
 * Whether a Range may be honoured (RFC 9110, 13.1.5): there is no If-Range, or it names exactly this representation. A date must be the
 * exact second of Last-Modified. It counts as a strong validator, because the content of a URL does not change within a second.
 */
export function isRangeWanted(ifRange: string | undefined, validators: Validators, nowMs: number): boolean {
  if (ifRange === undefined) return true
  if (ifRange.includes('"')) return ifRange === validators.etag
  return parseHttpDate(ifRange, nowMs) === Math.floor(validators.lastModifiedMs / 1000)
}

export function needsEtag(headers: ConditionalHeaders): boolean {
  const { 'if-match': ifMatch = '*', 'if-none-match': ifNoneMatch = '*' } = headers
  return ifMatch.trim() !== '*' || ifNoneMatch.trim() !== '*'
}

function matchesStrongly(header: string, etag: string | null): boolean {
  if (header.trim() === '*') return true
  return [...header.matchAll(ENTITY_TAG)].some(([, weak, tag]) => weak === undefined && tag === etag)
}

function matchesWeakly(header: string, etag: string | null): boolean {
  if (header.trim() === '*') return true
  return [...header.matchAll(ENTITY_TAG)].some(([, , tag]) => tag === etag)
}

function parseDate(header: string | undefined, nowMs: number): number | null {
  return header === undefined ? null : parseHttpDate(header, nowMs)
}
