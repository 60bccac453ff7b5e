import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { estimateFrameRate } from '../../../src/media/timeline/frame-rate.js'

/** Times of frames at a rate, truncated to whole milliseconds as Matroska has them. */
function timesAt(rate: number, count: number, toWhole: (ms: number) => number = Math.round): Int32Array {
  return Int32Array.from({ length: count }, (_, index) => toWhole((index * 1000) / rate))
}

describe('the frame rate', () => {
  test.each([
    [25, 25],
    [30, 30],
    [29.97, 30_000 / 1001],
    [23.976, 24_000 / 1001],
    [59.94, 60_000 / 1001],
    [15, 15],
    [0.5, 0.5],
    [12.5, 12.5],
  ])('of %d is detected from two seconds and more', (told, rate) => {
    for (const toWhole of [Math.round, Math.floor]) expect(estimateFrameRate(timesAt(rate, Math.ceil(rate * 4) + 1, toWhole))).toBe(told)
  })

  test('does not depend on the order, or on two frames at the same instant', () => {
    expect(estimateFrameRate(Int32Array.of(80, 0, 40, 120, 40))).toBe(25)
  })

  test('is a mean when frames have varying intervals', () => {
    expect(estimateFrameRate(Int32Array.of(0, 100, 1000, 1100, 3005))).toBe(1.331)
  })

  test.each([
    [29.97, 30_000 / 1001],
    [23.976, 24_000 / 1001],
    [59.94, 60_000 / 1001],
    [10, 10],
    [1, 1],
  ])('of %d is detected from a few frames when it is declared', (told, rate) => {
    for (const count of [2, 9, 11]) expect(estimateFrameRate(timesAt(rate, count), [rate])).toBe(told)
  })

  test('ignores the declared rate when the times contradict it', () => {
    expect(estimateFrameRate(timesAt(10, 4), [25, 50])).toBe(10)
    expect(estimateFrameRate(timesAt(25, 9), [90_000])).toBe(25)
  })

  test('is the declared rate for a single frame or none', () => {
    expect([estimateFrameRate(Int32Array.of(7), [25]), estimateFrameRate(Int32Array.of(), [25])]).toEqual([25, 25])
  })

  // Decoded I0 P4 B2 B1 B3 P8 B6 B5 B7 and so on, 40 ms each.
  const gop = [0, 4, 2, 1, 3, 8, 6, 5, 7, 12, 10, 9, 11, 16, 14, 13, 15, 20, 18, 17, 19].map((frame) => frame * 40)
  test.each(Array.from({ length: 12 }, (_, first) => first))(
    'does not depend on a cut between B-frames, at %d and 9 frames later',
    (first) => {
      expect(estimateFrameRate(Int32Array.from(gop.slice(first, first + 9)))).toBe(25)
    },
  )

  test.each([[[]], [[7]], [[7, 7]], [[0, 1]]])('of %j is unknown', (times) => {
    expect(estimateFrameRate(Int32Array.from(times))).toBeNull()
  })

  test('is null or a positive number for any times', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })), (times) => {
        const rate = estimateFrameRate(Int32Array.from(times))
        expect(rate === null || rate >= 0).toBe(true)
      }),
    )
  })
})
