import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { cutSlices, type Slice, toSlicedFile } from '../../../src/media/mp4/slices.js'
import { render } from '../../support/mp4-recording.js'

const source = Uint8Array.from({ length: 256 }, (_, index) => index)

const anySlice: fc.Arbitrary<Slice> = fc.oneof(
  fc.uint8Array({ maxLength: 9 }).map((bytes) => ({ kind: 'bytes' as const, bytes })),
  fc.record({
    kind: fc.constant('source' as const),
    source: fc.constant(0),
    offset: fc.integer({ min: 0, max: 200 }),
    length: fc.integer({ min: 0, max: 40 }),
  }),
)

describe('reading a range of a sliced file', () => {
  test('returns exactly the bytes of the range, for any slices and any range', () => {
    fc.assert(
      fc.property(
        fc.array(anySlice, { maxLength: 30 }),
        fc.integer({ min: 0, max: 900 }),
        fc.integer({ min: 0, max: 900 }),
        (slices, a, b) => {
          const file = toSlicedFile(slices)
          const whole = render(file, [source])
          expect(file.sizeBytes).toBe(whole.byteLength)
          const cut = cutSlices(file, a, b)
          expect(render(toSlicedFile(cut), [source])).toEqual(whole.slice(a, Math.max(a, b)))
        },
      ),
      { numRuns: 500 },
    )
  })

  test('works beyond 4 GiB', () => {
    const file = toSlicedFile([
      { kind: 'source', source: 0, offset: 0, length: 6e9 },
      { kind: 'source', source: 1, offset: 7, length: 6e9 },
    ])
    expect(cutSlices(file, 5_999_999_999, 6_000_000_001)).toEqual([
      { kind: 'source', source: 0, offset: 5_999_999_999, length: 1 },
      { kind: 'source', source: 1, offset: 7, length: 1 },
    ])
  })
})
