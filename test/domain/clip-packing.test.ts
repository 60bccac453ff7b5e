import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type PackingLimits, packFragments } from '../../src/domain/clip-packing.js'
import { selectFragments } from '../../src/domain/fragment-selection.js'
import type { ListedFragment } from '../../src/domain/listed-fragment.js'
import type { FragmentSelectorType, TimeRange } from '../../src/domain/time-range.js'
import { listFragments, listings, T0, toFragment } from '../support/listed-fragments.js'

const selectors = fc.constantFrom<FragmentSelectorType>('SERVER_TIMESTAMP', 'PRODUCER_TIMESTAMP')

function pack(
  listed: readonly ListedFragment[],
  selector: FragmentSelectorType,
  { range, limits }: { range: TimeRange; limits?: PackingLimits },
) {
  const selection = selectFragments(listed, selector, range)
  return { selection, ...packFragments({ selection, selector, range, ...(limits ? { limits } : {}) }) }
}

describe('packing', () => {
  test('gives each selected fragment to exactly one part, by the parts own ranges, both ends inclusive', () => {
    const edges = fc.record({
      from: fc.nat(40),
      to: fc.nat(40),
      early: fc.integer({ min: -1, max: 1 }),
      late: fc.integer({ min: -1, max: 1 }),
    })
    fc.assert(
      fc.property(listings, selectors, edges, fc.integer({ min: 1, max: 6 }), (listed, selector, edge, maxFragments) => {
        const starts = listed.map((f) => (selector === 'SERVER_TIMESTAMP' ? f.serverTimestampMs : f.producerTimestampMs))
        const startMs = (starts[edge.from % starts.length] ?? T0) + edge.early
        const endMs = Math.max(startMs + 1, (starts[edge.to % starts.length] ?? T0) + edge.late)
        const { selection, parts, inseparable } = pack(listed, selector, {
          range: { startMs, endMs },
          limits: { maxFragments, maxBytes: 60_000_000 },
        })
        const numbers = parts.flatMap((part) => part.fragments.map((f) => f.fragmentNumber))
        expect(numbers).toEqual(selection.fragments.slice(0, numbers.length).map((f) => f.fragmentNumber))
        if (inseparable === null) expect(numbers.length).toBe(selection.fragments.length)
        for (const part of parts) {
          expect(part.range.endMs).toBeGreaterThan(part.range.startMs)
          expect(part.range.startMs).toBeGreaterThanOrEqual(startMs)
          expect(part.range.endMs).toBeLessThanOrEqual(endMs)
          expect(part.fragments.length).toBeLessThanOrEqual(maxFragments)
          expect(part.sizeBytes).toBeLessThanOrEqual(60_000_000)
          expect(selectFragments(listed, selector, part.range).fragments).toEqual(part.fragments)
        }
      }),
      { numRuns: 3000 },
    )
  })

  test('depends on the fragments alone, not on the order in which they are listed', () => {
    fc.assert(
      fc.property(listings, fc.infiniteStream(fc.nat()), (listed, random) => {
        const range = { startMs: T0, endMs: T0 + 10_000_000 }
        const shuffled = listed.map((fragment) => ({ fragment, at: random.next().value })).sort((a, b) => a.at - b.at)
        const other = shuffled.map(({ fragment }) => fragment)
        expect(pack(other, 'PRODUCER_TIMESTAMP', { range }).parts).toEqual(pack(listed, 'PRODUCER_TIMESTAMP', { range }).parts)
      }),
    )
  })

  test('makes one part of 200 fragments, and two of 201', () => {
    const range = { startMs: T0, endMs: T0 + 1_000_000 }
    expect(pack(listFragments(200), 'SERVER_TIMESTAMP', { range }).parts).toHaveLength(1)
    expect(pack(listFragments(201), 'SERVER_TIMESTAMP', { range }).parts.map((part) => part.fragments.length)).toEqual([200, 1])
  })

  test('keeps a part below 100 MB, with a margin', () => {
    const listed = listFragments(30, { sizeBytes: 10_000_000 })
    const { parts } = pack(listed, 'SERVER_TIMESTAMP', { range: { startMs: T0, endMs: T0 + 100_000 } })
    expect(parts.map((part) => part.fragments.length)).toEqual([9, 9, 9, 3])
  })

  test('never parts fragments that no range can tell apart', () => {
    const listed = [0, 0, 1, 2, 2000].map((at, index) => toFragment(T0 + at, { number: index + 1 }))
    const range = { startMs: T0, endMs: T0 + 5000 }
    const packed = pack(listed, 'SERVER_TIMESTAMP', { range, limits: { maxFragments: 3, maxBytes: 1e9 } })
    expect(packed.parts).toEqual([])
    expect(packed.inseparable).toEqual({ limit: 'fragments', range: { startMs: T0, endMs: T0 + 2 } })
  })
})
