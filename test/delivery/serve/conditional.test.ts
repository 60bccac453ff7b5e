import { describe, expect, test } from '@jest/globals'
import { evaluatePreconditions, isRangeWanted, needsEtag } from '../../../src/delivery/serve/conditional.js'
import { parseHttpDate, toHttpDate } from '../../../src/delivery/serve/http-date.js'

const NOW = Date.UTC(2026, 6, 1)
const SAME = 'Sun, 06 Nov 1994 08:49:37 GMT'
const EARLIER = 'Sun, 06 Nov 1994 08:49:36 GMT'
const LATER = 'Sun, 06 Nov 1994 08:49:38 GMT'
const VALIDATORS = { etag: '"a"', lastModifiedMs: Date.UTC(1994, 10, 6, 8, 49, 37, 900) }

describe('preconditions', () => {
  test.each([
    [{}, 'holds'],
    [{ 'if-match': '"a"' }, 'holds'],
    [{ 'if-match': '*' }, 'holds'],
    [{ 'if-match': '"x", "a"' }, 'holds'],
    [{ 'if-match': '"x","a,b" , "a"' }, 'holds'],
    [{ 'if-match': '"x"' }, 'failed'],
    [{ 'if-match': 'W/"a"' }, 'failed'],
    [{ 'if-match': 'a' }, 'failed'],
    [{ 'if-match': '' }, 'failed'],
    [{ 'if-match': '"a"', 'if-unmodified-since': EARLIER }, 'holds'],
    [{ 'if-unmodified-since': EARLIER }, 'failed'],
    [{ 'if-unmodified-since': SAME }, 'holds'],
    [{ 'if-unmodified-since': LATER }, 'holds'],
    [{ 'if-unmodified-since': 'yesterday' }, 'holds'],
    [{ 'if-none-match': '"a"' }, 'not-modified'],
    [{ 'if-none-match': 'W/"a"' }, 'not-modified'],
    [{ 'if-none-match': '"x", W/"a"' }, 'not-modified'],
    [{ 'if-none-match': ' * ' }, 'not-modified'],
    [{ 'if-none-match': '"x"' }, 'holds'],
    [{ 'if-none-match': '"x"', 'if-modified-since': SAME }, 'holds'],
    [{ 'if-modified-since': SAME }, 'not-modified'],
    [{ 'if-modified-since': LATER }, 'not-modified'],
    [{ 'if-modified-since': EARLIER }, 'holds'],
    [{ 'if-modified-since': '1994-11-06' }, 'holds'],
    [{ 'if-match': '"a"', 'if-none-match': '"a"' }, 'not-modified'],
    [{ 'if-match': '"x"', 'if-none-match': '"a"' }, 'failed'],
  ] as const)('%j: %s', (headers, expected) => {
    expect(evaluatePreconditions(headers, VALIDATORS, NOW)).toBe(expected)
  })

  test('by tag fail or pass when there is no tag yet', () => {
    const untagged = { ...VALIDATORS, etag: null }
    expect(evaluatePreconditions({ 'if-match': '"a"' }, untagged, NOW)).toBe('failed')
    expect(evaluatePreconditions({ 'if-none-match': '"a"' }, untagged, NOW)).toBe('holds')
    expect(evaluatePreconditions({ 'if-match': '*' }, untagged, NOW)).toBe('holds')
  })

  test.each([
    [{}, false],
    [{ 'if-match': '*' }, false],
    [{ 'if-none-match': '*' }, false],
    [{ 'if-modified-since': SAME }, false],
    [{ 'if-match': '"a"' }, true],
    [{ 'if-none-match': '"a"' }, true],
  ] as const)('%j can be evaluated only once the tag is known: %s', (headers, expected) => {
    expect(needsEtag(headers)).toBe(expected)
  })
})

test.each([
  [undefined, true],
  ['"a"', true],
  ['"b"', false],
  ['W/"a"', false],
  [SAME, true],
  [EARLIER, false],
  [LATER, false],
  ['junk', false],
])('If-Range %s allows a range: %s', (header, expected) => {
  expect(isRangeWanted(header, VALIDATORS, NOW)).toBe(expected)
})

describe('an HTTP-date', () => {
  test.each(['Sun, 06 Nov 1994 08:49:37 GMT', 'Sunday, 06-Nov-94 08:49:37 GMT', 'Sun Nov  6 08:49:37 1994'])('is parsed as %s', (text) => {
    expect(parseHttpDate(text, NOW)).toBe(784_111_777)
  })

  test('with a two-digit year is at most 50 years in the future', () => {
    expect(parseHttpDate('Friday, 01-Jan-76 00:00:00 GMT', NOW)).toBe(Date.UTC(2076, 0, 1) / 1000)
    expect(parseHttpDate('Friday, 01-Jan-77 00:00:00 GMT', NOW)).toBe(Date.UTC(1977, 0, 1) / 1000)
  })

  test.each([
    '',
    'Sun, 06 Nov 1994 08:49:37',
    'Sun, 6 Nov 1994 08:49:37 GMT',
    'Sun, 06 Foo 1994 08:49:37 GMT',
    '1994-11-06T08:49:37Z',
    '784111777',
  ])('is not %j', (text) => {
    expect(parseHttpDate(text, NOW)).toBeNull()
  })

  test('is written as IMF-fixdate', () => {
    expect(toHttpDate(784_111_777_999)).toBe(SAME)
  })
})
