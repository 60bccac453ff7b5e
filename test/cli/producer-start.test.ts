import { describe, expect, test } from '@jest/globals'
import { WrongArgument } from '../../src/cli/failure.js'
import { parseProducerStart } from '../../src/cli/put-media.js'

describe('--producer-start', () => {
  test.each([
    ['2026-01-31T12:00:00Z', Date.UTC(2026, 0, 31, 12)],
    ['2026-01-31t12:00:00.25z', Date.UTC(2026, 0, 31, 12, 0, 0, 250)],
    ['2026-01-31T12:00:00.123456+01:30', Date.UTC(2026, 0, 31, 10, 30, 0, 123)],
    ['2024-02-29T23:59:59-00:30', Date.UTC(2024, 2, 1, 0, 29, 59)],
    ['1970-01-01T00:00:00Z', 0],
  ])('%s is an instant', (text, ms) => {
    expect(parseProducerStart(text)).toBe(ms)
  })

  test.each([
    ['2026-02-31T12:00:00Z'],
    ['2026-02-29T12:00:00Z'],
    ['2026-04-31T12:00:00+02:00'],
    ['2026-13-01T12:00:00Z'],
    ['2026-01-00T12:00:00Z'],
    ['2026-01-31T24:00:00Z'],
    ['2026-01-31T12:60:00Z'],
    ['2026-01-31T12:00:60Z'],
    ['2026-01-31T12:00:00+25:00'],
    ['2026-01-31T12:00:00'],
    ['2026-01-31'],
    ['1969-12-31T23:59:59Z'],
    ['31 January 2026 12:00 Z'],
    ['now'],
    [''],
  ])('%j is refused', (text) => {
    expect(() => parseProducerStart(text)).toThrow(WrongArgument)
    expect(() => parseProducerStart(text)).toThrow(`--producer-start is ${JSON.stringify(text)}, but must be an RFC 3339 instant`)
  })
})
