/** Bytes [start, end) of a file. */
export interface ByteSpan {
  readonly start: number
  readonly end: number
}

/** What a Range header asks for: one span, everything (no header, or one to be ignored), or nothing that exists. */
export type RangeAnswer =
  | { readonly kind: 'whole' }
  | { readonly kind: 'span'; readonly span: ByteSpan }
  | { readonly kind: 'unsatisfiable' }

const WHOLE: RangeAnswer = { kind: 'whole' }
const UNSATISFIABLE: RangeAnswer = { kind: 'unsatisfiable' }
// RFC 9110, 14.1.1: `first-`, `first-last` or `-suffix`.
const RANGE_SPEC = /^\d*-\d*$/

/**
 * RFC 9110, 14.1.2 and 14.2. One range is honoured; several are answered with the whole, as the RFC allows, for a multipart answer helps
 * no player. What does not follow the grammar, or ends before it starts, is ignored.
 */
export function parseByteRange(header: string | undefined, sizeBytes: number): RangeAnswer {
  const spec = header === undefined ? null : findOnlySpec(header)
  if (spec === null || !RANGE_SPEC.test(spec)) return WHOLE
  const dash = spec.indexOf('-')
  const [first, last] = [spec.slice(0, dash), spec.slice(dash + 1)]
  if (first === '') return last === '' ? WHOLE : toSuffix(Number(last), sizeBytes)
  if (last !== '' && isLess(last, first)) return WHOLE
  if (Number(first) >= sizeBytes) return UNSATISFIABLE
  const end = last === '' ? sizeBytes : Math.min(Number(last) + 1, sizeBytes)
  return { kind: 'span', span: { start: Number(first), end } }
}

function findOnlySpec(header: string): string | null {
  if (header.slice(0, 6).toLowerCase() !== 'bytes=') return null
  // Lists may hold empty elements and blanks (RFC 9110, 5.6.1.2).
  const [only, ...others] = header
    .slice(6)
    .split(',')
    .map(trimBlanks)
    .filter((spec) => spec !== '')
  return only === undefined || others.length > 0 ? null : only
}

function trimBlanks(text: string): string {
  return text.replace(/^[ \t]+/, '').replace(/[ \t]+$/, '')
}

function toSuffix(length: number, sizeBytes: number): RangeAnswer {
  if (length === 0 || sizeBytes === 0) return UNSATISFIABLE
  return { kind: 'span', span: { start: Math.max(0, sizeBytes - length), end: sizeBytes } }
}

// By their digits: numbers beyond 2^53 would look equal.
function isLess(a: string, b: string): boolean {
  const left = a.replace(/^0+/, '')
  const right = b.replace(/^0+/, '')
  return left.length === right.length ? left < right : left.length < right.length
}
