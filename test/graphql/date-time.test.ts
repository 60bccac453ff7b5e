import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { parseValue } from 'graphql'
import { DateTimeScalar } from '../../src/graphql/scalars/date-time.js'

describe('DateTime parses', () => {
  test.each([
    ['2026-01-31T12:00:00Z', Date.UTC(2026, 0, 31, 12)],
    ['2026-01-31t12:00:00z', Date.UTC(2026, 0, 31, 12)],
    ['2026-01-31T12:00:00.5Z', Date.UTC(2026, 0, 31, 12, 0, 0, 500)],
    ['2026-01-31T12:00:00.123456789Z', Date.UTC(2026, 0, 31, 12, 0, 0, 123)],
    ['2026-01-31T12:00:00+05:30', Date.UTC(2026, 0, 31, 6, 30)],
    ['2026-01-31T12:00:00-00:00', Date.UTC(2026, 0, 31, 12)],
    ['2024-02-29T23:59:59.999-08:00', Date.UTC(2024, 2, 1, 7, 59, 59, 999)],
    ['1969-12-31T23:59:59Z', -1000],
    ['9999-12-31T23:59:59.999Z', 253_402_300_799_999],
  ])('%s', (text, ms) => {
    expect(DateTimeScalar.parseValue(text)).toBe(ms)
  })

  test('every instant that it serializes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 253_402_300_799_999 }), (ms) => {
        expect(DateTimeScalar.parseValue(DateTimeScalar.serialize(ms))).toBe(ms)
      }),
    )
  })
})

describe('DateTime refuses', () => {
  test.each([
    ['no zone', '2026-01-31T12:00:00'],
    ['a date alone', '2026-01-31'],
    ['a blank for the T', '2026-01-31 12:00:00Z'],
    ['a blank at its end', '2026-01-31T12:00:00Z '],
    ['no seconds', '2026-01-31T12:00Z'],
    ['the year 10000', '+010000-01-01T00:00:00Z'],
    ['five digits of a year', '10000-01-01T00:00:00Z'],
    ['an offset that leads past the year 9999', '9999-12-31T23:59:59-01:00'],
    ['a negative year', '-000001-01-01T00:00:00Z'],
    ['an offset that leads before the year 0', '0000-01-01T00:00:00+00:01'],
    ['31 February', '2026-02-31T00:00:00Z'],
    ['29 February of a common year', '2026-02-29T00:00:00Z'],
    ['month 13', '2026-13-01T00:00:00Z'],
    ['month 0', '2026-00-01T00:00:00Z'],
    ['hour 24', '2026-01-31T24:00:00Z'],
    ['second 60', '2026-12-31T23:59:60Z'],
    ['an offset of a day', '2026-01-31T12:00:00+24:00'],
    ['an offset without a colon', '2026-01-31T12:00:00+0530'],
    ['a name of a zone', '2026-01-31T12:00:00[Europe/Berlin]'],
    ['digits of another script', '２０２６-01-31T12:00:00Z'],
    ['an empty text', ''],
    ['a text of 10 MB', '2'.repeat(10_000_000)],
    ['NaN', Number.NaN],
    ['a number', 1_769_860_800],
    ['a truth value', true],
    ['a list', ['2026-01-31T12:00:00Z']],
    ['an object', {}],
  ])('%s', (_, value) => {
    expect(() => DateTimeScalar.parseValue(value)).toThrow(/^DateTime must be an RFC 3339 instant/)
  })

  test('a long text with a short message', () => {
    expect(() => DateTimeScalar.parseValue('x'.repeat(1_000_000))).toThrow(/^.{1,300}$/)
  })

  test.each([
    ['5', '5'],
    ['1.50', '1.50'],
    ['true', 'true'],
    ['NOW', 'NOW'],
    ['[1,\n"a"]', '[1, "a"]'],
    ['{ at: $now }', '{at: $now}'],
    ['"2026-02-31T00:00:00Z"', '"2026-02-31T00:00:00Z"'],
    [`[${'1'.repeat(100)}]`, `[${'1'.repeat(63)}… (102 characters)`],
  ])('the literal %s, and quotes it as written', (literal, shown) => {
    expect(() => DateTimeScalar.parseLiteral(parseValue(literal))).toThrow(` ${shown}.`)
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY, 253_402_300_800_000, -62_167_219_200_001, '2026', null])('to serialize %p', (value) => {
    expect(() => DateTimeScalar.serialize(value)).toThrow('DateTime cannot represent')
  })
})
