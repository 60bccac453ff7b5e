import { describe, expect, test } from '@jest/globals'
import type { ClipInput } from '../../src/domain/clip.js'
import { parseClipRequest } from '../../src/domain/clip-request.js'
import { T0 } from '../support/listed-fragments.js'

const NOW = T0 + 3_600_000
const HOUR = 3_600_000

function parse(overrides: Partial<ClipInput>) {
  const input: ClipInput = {
    streamName: 'front-door',
    fragmentSelectorType: 'SERVER_TIMESTAMP',
    startTimestamp: T0,
    endTimestamp: T0 + 60_000,
    cut: 'FRAGMENT',
    overflow: 'JOIN',
    ...overrides,
  }
  return parseClipRequest(input, { nowMs: NOW, urlLifetime: { defaultSeconds: 900, maxSeconds: 86_400 } })
}

function codes(overrides: Partial<ClipInput>): string[] {
  return parse(overrides).issues.map(({ code }) => code)
}

const ARN = 'arn:aws:kinesisvideo:eu-west-1:123456789012:stream/front-door/1511852109126'

describe('a clip request', () => {
  test('is taken as it was meant', () => {
    expect(parse({ fileName: 'Einfahrt', expiresInSeconds: 60 })).toEqual({
      request: {
        stream: { name: 'front-door' },
        fragmentSelectorType: 'SERVER_TIMESTAMP',
        range: { startMs: T0, endMs: T0 + 60_000 },
        cut: 'FRAGMENT',
        overflow: 'JOIN',
        fileName: 'Einfahrt.mp4',
        expiresInSeconds: 60,
      },
      issues: [],
    })
    expect(parse({ streamName: null, streamArn: ARN }).request).toMatchObject({
      stream: { arn: ARN },
      fileName: null,
      expiresInSeconds: 900,
    })
  })

  test.each<[string, Partial<ClipInput>]>([
    ['STREAM_REQUIRED', { streamName: null }],
    ['STREAM_AMBIGUOUS', { streamArn: ARN }],
    ['STREAM_NAME_INVALID', { streamName: '' }],
    ['STREAM_NAME_INVALID', { streamName: 'a/b' }],
    ['STREAM_NAME_INVALID', { streamName: 'x'.repeat(257) }],
    ['STREAM_NAME_INVALID', { streamName: ARN }],
    ['STREAM_ARN_INVALID', { streamName: null, streamArn: 'front-door' }],
    ['STREAM_ARN_INVALID', { streamName: null, streamArn: `${ARN}/x` }],
    ['END_NOT_AFTER_START', { endTimestamp: T0 }],
    ['END_NOT_AFTER_START', { endTimestamp: T0 - 1 }],
    ['END_NOT_AFTER_START', { endTimestamp: Number.NaN }],
    ['RANGE_TOO_LONG', { startTimestamp: NOW - 1 - 24 * HOUR - 1, endTimestamp: NOW - 1 }],
    ['END_IN_FUTURE', { endTimestamp: NOW }],
    ['END_IN_FUTURE', { endTimestamp: NOW + 1000 }],
    ['EXPIRY_OUT_OF_RANGE', { expiresInSeconds: 0 }],
    ['EXPIRY_OUT_OF_RANGE', { expiresInSeconds: 86_401 }],
    ['FILE_NAME_INVALID', { fileName: '' }],
    ['FILE_NAME_INVALID', { fileName: '...' }],
    ['FILE_NAME_INVALID', { fileName: '\u202e' }],
    ['FILE_NAME_INVALID', { fileName: 'x'.repeat(101) }],
    ['FILE_NAME_INVALID', { fileName: 'x'.repeat(10_000_000) }],
  ])('is refused with %s: %j', (code, overrides) => {
    expect(codes(overrides)).toEqual([code])
  })

  test.each<[string, Partial<ClipInput>]>([
    ['a range of 24 hours to the millisecond', { startTimestamp: NOW - 1 - 24 * HOUR, endTimestamp: NOW - 1 }],
    ['a range of one millisecond', { endTimestamp: T0 + 1 }],
    ['an end in the future by producer time', { endTimestamp: NOW + HOUR, fragmentSelectorType: 'PRODUCER_TIMESTAMP' }],
    ['a URL for one second', { expiresInSeconds: 1 }],
    ['a URL for as long as may be', { expiresInSeconds: 86_400 }],
    ['a name of 100 characters', { fileName: '𠮷'.repeat(100) }],
  ])('may have %s', (_, overrides) => {
    expect(codes(overrides)).toEqual([])
  })

  test('hears of everything that is wrong at once, each with its place', () => {
    const { issues } = parse({ streamName: 'a b', endTimestamp: T0 - 5, fileName: '/', expiresInSeconds: -1 })
    expect(issues.map(({ code, path }) => [code, ...path])).toEqual([
      ['STREAM_NAME_INVALID', 'streamName'],
      ['END_NOT_AFTER_START', 'endTimestamp'],
      ['FILE_NAME_INVALID', 'fileName'],
      ['EXPIRY_OUT_OF_RANGE', 'expiresInSeconds'],
    ])
  })

  test('is refused with the problem, the expected value and the given value', () => {
    const [tooLong] = parse({ startTimestamp: NOW - 30 * HOUR }).issues
    expect(tooLong?.message).toMatch(/at most 24 hours after the start \(got \d+ h \d+ min\)/)
    expect(tooLong?.ranges).toEqual([{ startMs: NOW - 30 * HOUR, endMs: NOW - 6 * HOUR }])
    const [future] = parse({ endTimestamp: NOW + 4000 }).issues
    expect(future).toMatchObject({ severity: 'ERROR', retryAfterMs: 4001, ranges: [{ startMs: T0, endMs: NOW - 1 }] })
    expect(parse({ streamName: ARN }).issues[0]?.hint).toBe('Use streamArn for an ARN.')
    expect(parse({ streamName: 'y'.repeat(5000) }).issues[0]?.message.length).toBeLessThan(250)
  })
})
