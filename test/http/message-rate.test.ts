import { expect, test } from '@jest/globals'
import { MessageRate } from '../../src/http/message-rate.js'

function takeUntilRefused(rate: MessageRate): number {
  let taken = 0
  while (rate.take()) taken += 1
  return taken
}

test('takes a burst, then as many as the rate gives back, never more than a burst', () => {
  let nowMs = 0
  const rate = new MessageRate({ perSecond: 20, burst: 5, now: () => nowMs })
  expect(takeUntilRefused(rate)).toBe(5)
  nowMs += 49
  expect(rate.take()).toBe(false)
  nowMs += 1
  expect(takeUntilRefused(rate)).toBe(1)
  nowMs += 100
  expect(takeUntilRefused(rate)).toBe(2)
  nowMs += 3_600_000
  expect(takeUntilRefused(rate)).toBe(5)
})
