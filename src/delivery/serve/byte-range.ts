/** Bytes [start, end) of a file. */
export interface ByteSpan {
  readonly start: number
  readonly end: number
}

/** The result of a Range header: one span, the whole file (no header, or a header that is ignored), or no existing bytes. */
export type RangeAnswer =
  | { readonly kind: 'whole' }
  | { readonly kind: 'span'; readonly span: ByteSpan }
  | { readonly kind: 'unsatisfiable' }

const WHOLE: RangeAnswer = { kind: 'whole' }
const UNSATISFIABLE: RangeAnswer = { kind: 'unsatisfiable' }
// RFC 9110, 14.1.1: `first-`, `first-last` or `-suffix`.
const RANGE_SPEC = /^\d*-\d*$/

/**
 * Parses a Range header (RFC 9110, 14.1.2 and 14.2). Several ranges give the whole file, as the RFC allows, because players do not need a
 * multipart response. An invalid header, or a range that ends before it starts, is ignored.
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
  // A list may have empty elements and whitespace (RFC 9110, 5.6.1.2).
  const [only, ...others] = header
    .slice(6)
    .split(',')
    .map((text) => text.replace(/^[ \t]+/, '').replace(/[ \t]+$/, ''))
    .filter((spec) => spec !== '')
  return only === undefined || others.length > 0 ? null : only
}

function toSuffix(length: number, sizeBytes: number): RangeAnswer {
  if (length === 0 || sizeBytes === 0) return UNSATISFIABLE
  return { kind: 'span', span: { start: Math.max(0, sizeBytes - length), end: sizeBytes } }
}

// Compares digits, because numbers above 2^53 lose precision.
function isLess(a: string, b: string): boolean {
  const left = a.replace(/^0+/, '')
  const right = b.replace(/^0+/, '')
  return left.length === right.length ? left < right : left.length < right.length
}
