import fc from 'fast-check'
import type { ListedFragment } from '../../src/domain/listed-fragment.js'

export const T0 = 1_790_000_000_000

/** Consecutive fragments of a camera with an even clock. */
export function listFragments(
  count: number,
  { fromMs = T0, spacingMs = 2000, frameMs = 40, sizeBytes = 100_000, firstNumber = 1000 } = {},
): ListedFragment[] {
  return Array.from({ length: count }, (_, index) =>
    toFragment(fromMs + index * spacingMs, { number: firstNumber + index, lengthMs: spacingMs - frameMs, sizeBytes }),
  )
}

export function toFragment(
  startMs: number,
  { number, lengthMs = 1960, sizeBytes = 100_000, skewMs = 0 }: { number: number; lengthMs?: number; sizeBytes?: number; skewMs?: number },
): ListedFragment {
  return { fragmentNumber: String(number), producerTimestampMs: startMs, serverTimestampMs: startMs + skewMs, lengthMs, sizeBytes }
}

/** Any listing: overlaps, equal starts, fragments 1 ms apart, gaps, in any order, with numbers independent of time. */
export const listings: fc.Arbitrary<ListedFragment[]> = fc
  .array(
    fc.record({
      stepMs: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 100, max: 4000 }), fc.integer({ min: 4000, max: 40_000 })),
      lengthMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 20_000 })),
      sizeBytes: fc.oneof(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 50_000_000 })),
      skewMs: fc.integer({ min: -2000, max: 2000 }),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .chain((rows) =>
    fc.tuple(
      fc.constant(rows),
      fc.shuffledSubarray(
        rows.map((_, index) => index),
        { minLength: rows.length },
      ),
    ),
  )
  .map(([rows, numbers]) => {
    let startMs = T0
    return rows.map(({ stepMs, ...rest }, index) => {
      startMs += stepMs
      return toFragment(startMs, { number: 1000 + (numbers[index] ?? 0), ...rest })
    })
  })
