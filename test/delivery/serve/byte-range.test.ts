import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { parseByteRange, type RangeAnswer } from '../../../src/delivery/serve/byte-range.js'

const WHOLE = { kind: 'whole' }
const NONE = { kind: 'unsatisfiable' }
const span = (start: number, end: number) => ({ kind: 'span', span: { start, end } })

describe('a Range header', () => {
  test.each([
    [undefined, WHOLE],
    ['bytes=0-1', span(0, 2)],
    ['bytes=0-', span(0, 1000)],
    ['bytes=999-', span(999, 1000)],
    ['bytes=999-999', span(999, 1000)],
    ['bytes=0-999', span(0, 1000)],
    ['bytes=0-1000', span(0, 1000)],
    ['bytes=500-99999999999999999999999999', span(500, 1000)],
    ['bytes=-1', span(999, 1000)],
    ['bytes=-1000', span(0, 1000)],
    ['bytes=-1001', span(0, 1000)],
    ['bytes=-99999999999999999999999999', span(0, 1000)],
    ['bytes=-0', NONE],
    ['bytes=1000-', NONE],
    ['bytes=1000-1000', NONE],
    ['bytes=99999999999999999999999999-', NONE],
    ['bytes=9007199254740993-9007199254740992', WHOLE],
    ['bytes=9007199254740992-9007199254740993', NONE],
    ['bytes=2-1', WHOLE],
    ['bytes=00000000000000000000000000000002-0003', span(2, 4)],
    ['BYTES=0-1', span(0, 2)],
    ['bytes=0-1,', span(0, 2)],
    ['bytes=, \t0-1 ,', span(0, 2)],
    ['bytes=0-1,2-3', WHOLE],
    ['bytes=0-1,5000-', WHOLE],
    ['bytes=', WHOLE],
    ['bytes=,', WHOLE],
    ['bytes=-', WHOLE],
    ['bytes= -', WHOLE],
    ['bytes=a-b', WHOLE],
    ['bytes=0 - 1', WHOLE],
    ['bytes=+0-1', WHOLE],
    ['bytes=0x0-1', WHOLE],
    ['bytes=1e1-20', WHOLE],
    ['bytes=--1', WHOLE],
    ['bytes =0-1', WHOLE],
    ['bytes', WHOLE],
    ['', WHOLE],
    ['items=0-1', WHOLE],
    ['bytes=٣-٤', WHOLE],
  ])('%j of 1000 bytes requests %j', (header, expected) => {
    expect(parseByteRange(header, 1000)).toEqual(expected)
  })

  test.each([
    ['bytes=0-', NONE],
    ['bytes=-5', NONE],
    ['bytes=0-0', NONE],
    ['bytes=5-2', WHOLE],
  ])('%j of an empty file requests %j', (header, expected) => {
    expect(parseByteRange(header, 0)).toEqual(expected)
  })
})

/** The same rule as a set of byte positions, with exact integers. */
function model(header: string, sizeBytes: number): RangeAnswer {
  const whole = { kind: 'whole' } as const
  const unit = /^bytes=([\s\S]*)$/i.exec(header)
  if (unit === null) return whole
  const specs = (unit[1] ?? '').split(',').flatMap((text) => text.replace(/^[ \t]*([\s\S]*?)[ \t]*$/, '$1') || [])
  const [spec = ''] = specs
  if (specs.length !== 1 || !/^[0-9]*-[0-9]*$/.test(spec) || spec === '-') return whole
  const size = BigInt(sizeBytes)
  const [left = '', right = ''] = spec.split('-')
  let [first, last] = [BigInt(left || 0), right === '' ? size - 1n : BigInt(right)]
  if (left === '') [first, last] = [BigInt(right) > size ? 0n : size - BigInt(right), size - 1n]
  else if (right !== '' && last < first) return whole
  if (last >= size) last = size - 1n
  if (first >= size || last < first) return { kind: 'unsatisfiable' }
  return { kind: 'span', span: { start: Number(first), end: Number(last) + 1 } }
}

const sizes = fc.oneof(fc.integer({ min: 0, max: 20 }), fc.constantFrom(2 ** 32, 2 ** 33 + 7, Number.MAX_SAFE_INTEGER - 1))
const numbers = fc.oneof(
  fc.integer({ min: 0, max: 25 }).map(String),
  fc.constantFrom('', '0', '00', '007', '4294967296', '8589934599', '9007199254740990', '9007199254740993', '18446744073709551616'),
  fc.bigInt({ min: 0n, max: 10n ** 30n }).map(String),
)
const blanks = fc.constantFrom('', '', '', ' ', '\t', ' \t ')
const specs = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(blanks, numbers, numbers, blanks).map(([a, first, last, b]) => `${a}${first}-${last}${b}`) },
  { weight: 1, arbitrary: fc.string({ maxLength: 8 }) },
)
const headers = fc.oneof(
  { weight: 6, arbitrary: specs.map((spec) => `bytes=${spec}`) },
  { weight: 3, arbitrary: fc.array(specs, { maxLength: 4 }).map((list) => `bytes=${list.join(',')}`) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom('Bytes=', 'BYTES=', 'bytes', 'bytes =', 'items=', ' bytes='), specs)
      .map(([unit, spec]) => unit + spec),
  },
  { weight: 1, arbitrary: fc.string() },
)

test('is parsed as the model parses it, for 10,000 random headers', () => {
  fc.assert(
    fc.property(headers, sizes, (header, size) => {
      expect(parseByteRange(header, size)).toEqual(model(header, size))
    }),
    { numRuns: 10_000 },
  )
})

test('always yields a span within the file that is not empty', () => {
  fc.assert(
    fc.property(headers, sizes, (header, size) => {
      const answer = parseByteRange(header, size)
      if (answer.kind !== 'span') return
      expect(answer.span.start).toBeGreaterThanOrEqual(0)
      expect(answer.span.start).toBeLessThan(answer.span.end)
      expect(answer.span.end).toBeLessThanOrEqual(size)
    }),
    { numRuns: 10_000 },
  )
})

test('is parsed in negligible time at the maximum length that Node accepts', () => {
  const long = '9'.repeat(16_000)
  expect(parseByteRange(`bytes=${long}-${long}`, 10)).toEqual(NONE)
  expect(parseByteRange(`bytes=${'0-1,'.repeat(4_000)}`, 10)).toEqual(WHOLE)
  expect(parseByteRange(`bytes=${' '.repeat(16_000)}x`, 10)).toEqual(WHOLE)
})
