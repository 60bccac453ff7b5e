import { describe, expect, test } from '@jest/globals'
import { parseValue } from 'graphql'
import { ByteCountScalar, MillisecondsScalar } from '../../src/graphql/scalars/whole-number.js'

describe.each([
  ['ByteCount', ByteCountScalar],
  ['Milliseconds', MillisecondsScalar],
])('%s', (name, scalar) => {
  test.each([0, 1, 2_147_483_648, 5_000_000_000, Number.MAX_SAFE_INTEGER])('parses and serializes %d', (value) => {
    expect(scalar.parseValue(value)).toBe(value)
    expect(scalar.serialize(value)).toBe(value)
    expect(scalar.parseLiteral(parseValue(String(value)))).toBe(value)
  })

  test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, '5', '', true, null, [1], {}])('refuses %p', (value) => {
    expect(() => scalar.parseValue(value)).toThrow(`${name} must be a whole number`)
    expect(() => scalar.serialize(value)).toThrow(`${name} must be a whole number`)
  })

  test.each(['"5"', '1.5', '-1', '9007199254740993', 'true', 'ENUM', '[1]', '{a: 1}'])('refuses the literal %s', (text) => {
    expect(() => scalar.parseLiteral(parseValue(text))).toThrow(
      `${name} must be a whole number from 0 to ${Number.MAX_SAFE_INTEGER}; got ${text}.`,
    )
  })
})
