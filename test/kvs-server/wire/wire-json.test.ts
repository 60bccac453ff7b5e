import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { encodeWireJson, WireTimestamp } from '../../../src/kvs-server/wire/wire-json.js'

test.each([
  [1_705_489_836_421, '1.705489836421E9'],
  [1_700_000_000_000, '1.7E9'],
  [1_000_000_000_000, '1.0E9'],
  [10_000_000_000, '1.0E7'],
  [9_999_999_999, '9999999.999'],
  [5000, '5.0'],
  [1, '0.001'],
  [0, '0.0'],
  [0.5, '5.0E-4'],
])('%d ms are written as Java writes a double: %s', (epochMs, expected) => {
  expect(encodeWireJson(new WireTimestamp(epochMs))).toBe(expected)
})

test('a time survives a round trip to the millisecond', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 253_402_300_799_999 }), (epochMs) => {
      expect(Math.round(Number(JSON.parse(encodeWireJson(new WireTimestamp(epochMs)))) * 1000)).toBe(epochMs)
    }),
  )
})

test('everything else is written as JSON.stringify writes it', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.parse(encodeWireJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
    }),
  )
  expect(encodeWireJson({ kept: null, dropped: undefined, list: [1, 'a', { b: new WireTimestamp(1000) }] })).toBe(
    '{"kept":null,"list":[1,"a",{"b":1.0}]}',
  )
})
