import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type Coverage, toCoverage } from '../../src/domain/coverage.js'
import { estimateFrameMs, findGaps, toSpans } from '../../src/domain/footage-spans.js'
import { joinColumns, sliceColumns, toFragmentColumns } from '../../src/domain/fragment-columns.js'
import { type ListedFragment, toPlayingOrder } from '../../src/domain/listed-fragment.js'
import type { TimeRange } from '../../src/domain/time-range.js'

const SELECTOR = 'PRODUCER_TIMESTAMP'

function fragment(startMs: number, lengthMs: number, sizeBytes = 100): ListedFragment {
  return { fragmentNumber: String(startMs), producerTimestampMs: startMs, serverTimestampMs: startMs + 300, lengthMs, sizeBytes }
}

function coverageOf(fragments: readonly ListedFragment[], range: TimeRange, maxGapMs?: number): Coverage {
  return toCoverage(toFragmentColumns(toPlayingOrder(fragments, SELECTOR), SELECTOR), range, maxGapMs)
}

/** `count` fragments of `stepMs`, reported a frame of 40 ms short. */
function run(startMs: number, count: number, stepMs = 2000): ListedFragment[] {
  return Array.from({ length: count }, (_, index) => fragment(startMs + index * stepMs, stepMs - 40))
}

const anyFragment = fc
  .record({ startMs: fc.nat(120_000), lengthMs: fc.nat(20_000), sizeBytes: fc.nat(1_000_000) })
  .map(({ startMs, lengthMs, sizeBytes }) => fragment(startMs, lengthMs, sizeBytes))
const anyFootage = fc.array(anyFragment, { maxLength: 40 })
const anyRange = fc.tuple(fc.nat(140_000), fc.nat(140_000)).map(([a, b]) => ({ startMs: Math.min(a, b), endMs: Math.max(a, b) }))
const anyMaxGap = fc.constantFrom(0, 1, 40, 1000, 5000, 1_000_000)

function lengthOf({ startMs, endMs }: TimeRange): number {
  return endMs - startMs
}

describe('coverage', () => {
  test('of an unbroken run is one span that ends a frame after what is reported', () => {
    expect(coverageOf(run(10_000, 5), { startMs: 10_000, endMs: 20_000 })).toEqual({
      spans: [{ range: { startMs: 10_000, endMs: 20_000 }, fragmentCount: 5, sizeBytes: 500, first: 0 }],
      gaps: [],
      fragmentCount: 5,
      sizeBytes: 500,
      durationMs: 10_000,
    })
  })

  test('of nothing is one gap', () => {
    const range = { startMs: 5000, endMs: 9000 }
    expect(coverageOf([], range)).toEqual({ spans: [], gaps: [range], fragmentCount: 0, sizeBytes: 0, durationMs: 0 })
  })

  test('tells of gaps before, between and behind', () => {
    const { spans, gaps } = coverageOf([...run(10_000, 3), ...run(30_000, 2)], { startMs: 0, endMs: 60_000 })
    expect(spans.map(({ range }) => range)).toEqual([
      { startMs: 10_000, endMs: 16_000 },
      { startMs: 30_000, endMs: 34_000 },
    ])
    expect(gaps).toEqual([
      { startMs: 0, endMs: 10_000 },
      { startMs: 16_000, endMs: 30_000 },
      { startMs: 34_000, endMs: 60_000 },
    ])
  })

  test.each([
    [1000, 1, 0],
    [1001, 2, 1],
  ])('makes of fragments %i ms apart %i spans and %i gaps', (restMs, spanCount, gapCount) => {
    const footage = [...run(0, 10), ...run(20_000 + restMs, 10)]
    const { spans, gaps } = coverageOf(footage, { startMs: 0, endMs: 40_000 + restMs })
    expect([spans.length, gaps.length]).toEqual([spanCount, gapCount])
  })

  test('counts a fragment where it starts, at either end of the range, and sees no gap where an earlier one still plays', () => {
    const footage = run(0, 3, 10_000)
    expect(coverageOf(footage, { startMs: 10_000, endMs: 20_000 }).fragmentCount).toBe(2)
    const inside = coverageOf(run(0, 2, 10_000), { startMs: 10_001, endMs: 19_999 })
    expect(inside).toMatchObject({ spans: [], gaps: [], fragmentCount: 0, durationMs: 0 })
  })

  test('counts overlapping fragments each, and their time once', () => {
    const overlapping = [fragment(0, 10_000, 5), fragment(2000, 1000, 7), fragment(9000, 3000, 11)]
    expect(coverageOf(overlapping, { startMs: 0, endMs: 12_000 })).toMatchObject({ fragmentCount: 3, sizeBytes: 23, durationMs: 12_000 })
  })

  test('is that of a clip of the same footage', () => {
    fc.assert(
      fc.property(anyFootage, anyRange, anyMaxGap, (footage, range, maxGapMs) => {
        const around = toPlayingOrder(footage, SELECTOR).filter(({ producerTimestampMs }) => producerTimestampMs <= range.endMs)
        const inside = around.filter(({ producerTimestampMs }) => producerTimestampMs >= range.startMs)
        const frameMs = estimateFrameMs(around, SELECTOR)
        const spans = toSpans(inside, SELECTOR, { maxGapMs, frameMs })
        const coverage = coverageOf(around, range, maxGapMs)
        const bare = ({ first: _, ...span }: (typeof spans)[number]) => span
        expect(coverage.spans.map(bare)).toEqual(spans.map(bare))
        expect(coverage.gaps).toEqual(findGaps(range, toSpans(around, SELECTOR, { maxGapMs, frameMs }), maxGapMs))
      }),
    )
  })

  test('loses no fragment and no byte, and has spans and gaps in order, apart from each other', () => {
    fc.assert(
      fc.property(anyFootage, anyRange, anyMaxGap, (footage, range, maxGapMs) => {
        const inside = footage.filter(({ producerTimestampMs: at }) => at >= range.startMs && at <= range.endMs)
        const around = footage.filter(({ producerTimestampMs: at }) => at <= range.endMs)
        const { spans, gaps, fragmentCount, sizeBytes } = coverageOf(around, range, maxGapMs)
        expect(fragmentCount).toBe(inside.length)
        expect(spans.reduce((sum, span) => sum + span.fragmentCount, 0)).toBe(inside.length)
        expect(sizeBytes).toBe(inside.reduce((sum, row) => sum + row.sizeBytes, 0))
        for (const gap of gaps) expect(lengthOf(gap)).toBeGreaterThan(maxGapMs)
        const all = [...spans.map((span) => span.range), ...gaps].toSorted((a, b) => a.startMs - b.startMs || a.endMs - b.endMs)
        expect(all.filter((next, index) => next.startMs < (all[index - 1]?.endMs ?? 0))).toEqual([])
      }),
    )
  })

  test('fills the range with spans and gaps when every gap counts', () => {
    fc.assert(
      fc.property(anyFootage, anyRange, (footage, range) => {
        const inside = footage.filter(({ producerTimestampMs: at }) => at >= range.startMs && at <= range.endMs)
        const { durationMs, gaps, spans } = coverageOf(inside, range, 0)
        const overhangMs = Math.max(0, (spans.at(-1)?.range.endMs ?? 0) - range.endMs)
        expect(durationMs - overhangMs + gaps.reduce((sum, gap) => sum + lengthOf(gap), 0)).toBe(lengthOf(range))
      }),
    )
  })
})

describe('columns of fragments', () => {
  test('are cut by where fragments start, both ends inclusive, and joined again', () => {
    fc.assert(
      fc.property(anyFootage, anyRange, (footage, range) => {
        const sorted = toPlayingOrder(footage, SELECTOR)
        const columns = toFragmentColumns(sorted, SELECTOR)
        const inside = sorted.filter(({ producerTimestampMs: at }) => at >= range.startMs && at <= range.endMs)
        expect(sliceColumns(columns, range)).toEqual(toFragmentColumns(inside, SELECTOR))
        const before = sliceColumns(columns, { startMs: 0, endMs: range.startMs - 1 })
        const behind = sliceColumns(columns, { startMs: range.endMs + 1, endMs: 1_000_000 })
        expect(joinColumns([before, sliceColumns(columns, range), behind])).toEqual(columns)
      }),
    )
  })
})
