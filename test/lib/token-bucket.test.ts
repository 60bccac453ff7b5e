import { expect, test } from '@jest/globals'
import { TokenBucket } from '../../src/lib/token-bucket.js'

function takeAll(bucket: TokenBucket): number {
  let taken = 0
  for (; bucket.waitMs(1) === 0; taken += 1) bucket.take(1)
  return taken
}

test('a token bucket allows a burst, then the rate, and never more than a burst', () => {
  let nowMs = 0
  const bucket = new TokenBucket({ perSecond: 20, capacity: 5, clock: { now: () => nowMs } })
  expect(takeAll(bucket)).toBe(5)
  nowMs += 49
  expect(bucket.waitMs(1)).toBeGreaterThan(0)
  nowMs += 1
  expect(takeAll(bucket)).toBe(1)
  nowMs += 100
  expect(takeAll(bucket)).toBe(2)
  nowMs += 3_600_000
  expect(takeAll(bucket)).toBe(5)
})

test('a token bucket that is overdrawn first refills its debt', () => {
  let nowMs = 0
  const bucket = new TokenBucket({ perSecond: 10, clock: { now: () => nowMs } })
  bucket.take(25)
  expect(bucket.waitMs(1)).toBe(1600)
  nowMs += 1600
  expect(takeAll(bucket)).toBe(1)
})
