import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type Coverage, toCoverage } from '../../src/domain/coverage.js'
import { joinColumns, sliceColumns, toFragmentColumns } from '../../src/domain/fragment-columns.js'
import { type ListedFragment, toPlayingOrder } from '../../src/domain/listed-fragment.js'
import type { TimeRange } from '../../src/domain/time-range.js'
import { naiveCoverage } from '../support/naive-coverage.js'

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
  test('of an unbroken run is one span that ends a frame after the reported end', () => {
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

  test('reports gaps before, between and after fragments', () => {
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
  ])('has for a rest of %i ms %i spans and %i gaps', (restMs, spanCount, gapCount) => {
    const footage = [...run(0, 10), ...run(20_000 - 40 + restMs, 10)]
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

  test.each([
    [1050, 0],
    [1050, 1500],
    [5000, 0],
    [30_000, 0],
  ])('has no gap between fragments of a slow camera, one in %i ms and %i ms longer', (restMs, lengthMs) => {
    const footage = Array.from({ length: 50 }, (_, index) => fragment(index * (restMs + lengthMs), lengthMs))
    const endMs = 50 * (restMs + lengthMs)
    const { spans, gaps } = coverageOf(footage, { startMs: 0, endMs })
    expect(gaps).toEqual([])
    expect(spans.map(({ range }) => range)).toEqual([{ startMs: 0, endMs: Math.min(endMs, endMs - restMs + 20_000) }])
  })

  test('shows where a slow camera stopped: a rest longer than twice the usual one', () => {
    const at = (fromMs: number) => Array.from({ length: 20 }, (_, index) => fragment(fromMs + index * 2000, 0))
    expect(coverageOf([...at(0), ...at(42_000)], { startMs: 0, endMs: 82_000 }).gaps).toEqual([])
    expect(coverageOf([...at(0), ...at(42_001)], { startMs: 0, endMs: 82_001 }).gaps).toEqual([{ startMs: 40_000, endMs: 42_001 }])
    expect(coverageOf(at(0), { startMs: 0, endMs: 60_000 }).gaps).toEqual([{ startMs: 40_000, endMs: 60_000 }])
  })

  test('goes by the frames around, where a camera changed its rate', () => {
    const slow = Array.from({ length: 100 }, (_, index) => fragment(index * 2000, 0))
    const fast = run(200_000, 100)
    const late = run(200_000 + 200_000 + 1500, 100)
    const { gaps } = coverageOf([...slow, ...fast, ...late], { startMs: 0, endMs: 601_500 })
    expect(gaps).toEqual([{ startMs: 400_000, endMs: 401_500 }])
  })

  test('equals a naive implementation of the rule', () => {
    const anyRest = fc.oneof(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 900, max: 2500 }), fc.integer({ min: 0, max: 60_000 }))
    const anyRun = fc.record({ restMs: anyRest, lengthMs: fc.constantFrom(0, 40, 1960), count: fc.integer({ min: 1, max: 40 }) })
    const footage = fc.array(anyRun, { minLength: 1, maxLength: 6 }).map((runs) => {
      let startMs = 0
      return runs.flatMap(({ restMs, lengthMs, count }) =>
        Array.from({ length: count }, () => {
          const row = fragment(startMs, lengthMs)
          startMs += lengthMs + restMs
          return row
        }),
      )
    })
    fc.assert(
      fc.property(footage, anyMaxGap, (rows, maxGapMs) => {
        const endMs = (rows.at(-1)?.producerTimestampMs ?? 0) + (rows.at(-1)?.lengthMs ?? 0)
        const { spans, gaps } = coverageOf(rows, { startMs: 0, endMs }, maxGapMs)
        const borders = rows.map((_, index) => index).filter((index) => isGapBefore(rows, index, maxGapMs))
        expect(spans.slice(1).map(({ first }) => first)).toEqual(borders)
        expect(gaps.map((gap) => gap.endMs)).toEqual(borders.map((index) => rows[index]?.producerTimestampMs))
      }),
      { numRuns: 500 },
    )
  })

  test('equals the naive computation, also for fragments that overlap or are far longer than the next one', () => {
    const steps = [
      { weight: 6, arbitrary: fc.constantFrom(1960, 2000) },
      { weight: 2, arbitrary: fc.nat(4000) },
      { weight: 1, arbitrary: fc.nat(60_000) },
    ]
    const lengths = [
      { weight: 8, arbitrary: fc.constantFrom(0, 1920, 1960) },
      { weight: 1, arbitrary: fc.nat(200_000) },
    ]
    const anyRun = fc.record({
      stepMs: fc.oneof(...steps),
      lengthMs: fc.oneof(...lengths),
      sizeBytes: fc.nat(1000),
      times: fc.integer({ min: 1, max: 40 }),
    })
    fc.assert(
      fc.property(fc.array(anyRun, { maxLength: 12 }), anyRange, anyMaxGap, (runs, range, maxGapMs) => {
        let startMs = 0
        const rows = runs.flatMap(({ stepMs, lengthMs, sizeBytes, times }) =>
          Array.from({ length: times }, () => {
            startMs += stepMs
            return { startMs, lengthMs, sizeBytes }
          }),
        )
        const columns = toFragmentColumns(
          rows.map((row) => fragment(row.startMs, row.lengthMs, row.sizeBytes)),
          SELECTOR,
        )
        expect(toCoverage(columns, range, maxGapMs)).toEqual(naiveCoverage(rows, range, maxGapMs))
      }),
      { numRuns: 300 },
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
        for (const gap of gaps) expect(gap.startMs >= range.startMs && gap.endMs <= range.endMs && lengthOf(gap) > 0).toBe(true)
        const all = [...spans.map((span) => span.range), ...gaps].toSorted((a, b) => a.startMs - b.startMs || a.endMs - b.endMs)
        expect(all.filter((next, index) => next.startMs < (all[index - 1]?.endMs ?? 0))).toEqual([])
      }),
    )
  })

  test('of a week of fragments takes a number of steps that grows with their number', () => {
    const count = 7 * 86_400
    const startsMs = Float64Array.from({ length: count }, (_, row) => row * 1050)
    const counted = { reads: 0 }
    const lengthsMs = new Proxy(new Float64Array(count), {
      get(target, key) {
        counted.reads += 1
        const value: unknown = Reflect.get(target, key)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    const columns = { count, startsMs, lengthsMs, sizesBytes: new Float64Array(count) }
    expect(toCoverage(columns, { startMs: 0, endMs: count * 1050 }).spans).toHaveLength(1)
    expect(counted.reads).toBeLessThan(count * 4)
  })
})

/** The rule of the schema, spelt out: rows that do not overlap, and their rests. */
function isGapBefore(rows: readonly ListedFragment[], index: number, maxGapMs: number): boolean {
  const restBefore = (row: number) => {
    const [before, after] = [rows[row - 1], rows[row]]
    return before && after ? after.producerTimestampMs - before.producerTimestampMs - before.lengthMs : null
  }
  const restMs = restBefore(index)
  if (restMs === null) return false
  const around = Array.from({ length: 31 }, (_, offset) => index - 15 + offset).filter((row) => row !== index && row > 0)
  const others = around
    .map(restBefore)
    .filter((other) => other !== null)
    .sort((a, b) => a - b)
  const medianMs = others[Math.floor(others.length / 2)] ?? 0
  return restMs > maxGapMs && restMs > 2 * medianMs
}

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
