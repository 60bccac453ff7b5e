import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { toCoverage } from '../../src/domain/coverage.js'
import { Footage, type FootagePart } from '../../src/domain/footage.js'
import { FootageIndex } from '../../src/domain/footage-index.js'
import type { FragmentColumns } from '../../src/domain/fragment-columns.js'
import { type NaiveRow, naiveCoverage } from '../support/naive-coverage.js'

function toColumns(rows: readonly NaiveRow[]): FragmentColumns {
  return {
    count: rows.length,
    startsMs: Float64Array.from(rows, ({ startMs }) => startMs),
    lengthsMs: Float64Array.from(rows, ({ lengthMs }) => lengthMs),
    sizesBytes: Float64Array.from(rows, ({ sizeBytes }) => sizeBytes),
  }
}

/** Runs of fragments with rests between them; some overlap, some are much longer than what follows. */
const anyStep = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(1960, 2000) },
  { weight: 2, arbitrary: fc.nat(4000) },
  { weight: 1, arbitrary: fc.nat(60_000) },
)
const anyLength = fc.oneof({ weight: 8, arbitrary: fc.constantFrom(0, 1920, 1960) }, { weight: 1, arbitrary: fc.nat(200_000) })
const anyRows = fc
  .array(fc.record({ stepMs: anyStep, lengthMs: anyLength, sizeBytes: fc.nat(1000), times: fc.integer({ min: 1, max: 40 }) }), {
    maxLength: 12,
  })
  .map((runs) => {
    let startMs = 0
    return runs.flatMap(({ stepMs, lengthMs, sizeBytes, times }) =>
      Array.from({ length: times }, (): NaiveRow => {
        startMs += stepMs
        return { startMs, lengthMs, sizeBytes }
      }),
    )
  })

/** Rows as parts. Each index also holds rows outside its part, as a stretch does that is only partly in a range. */
const anyParts = fc
  .tuple(anyRows, fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(60), fc.nat(60)), { maxLength: 6 }))
  .map(([all, cuts]) => {
    const borders = [0, ...cuts.map(([share]) => Math.round(share * all.length)).sort((a, b) => a - b), all.length]
    const outside = [[0, 0], ...cuts.map(([, before, after]) => [before, after])]
    const [first, last] = [Math.min(outside.at(-1)?.[0] ?? 0, all.length), Math.min(outside.at(-1)?.[1] ?? 0, all.length)]
    const [from, to] = [first, Math.max(first, all.length - last)]
    const parts = borders.slice(1).flatMap((end, index): FootagePart[] => {
      const [start, stop] = [Math.max(borders[index] ?? 0, from), Math.min(end, to)]
      if (start >= stop) return []
      const [before = 0, after = 0] = outside[index] ?? []
      const indexFrom = Math.max(0, start - before)
      const held = all.slice(indexFrom, stop + after)
      return [{ index: new FootageIndex(toColumns(held)), from: start - indexFrom, to: stop - indexFrom }]
    })
    return { rows: all.slice(from, to), parts }
  })
const anyMaxGap = fc.constantFrom(0, 40, 1000, 5000)

describe('footage in parts', () => {
  test('has the coverage of its rows, whatever else its indexes hold', () => {
    fc.assert(
      fc.property(anyParts, fc.nat(500_000), fc.nat(500_000), anyMaxGap, ({ rows, parts }, startMs, widthMs, maxGapMs) => {
        const range = { startMs, endMs: startMs + widthMs }
        const footage = new Footage(parts)
        const expected = naiveCoverage(rows, range, maxGapMs)
        expect(toCoverage(footage, range, maxGapMs)).toEqual(expected)
        expect(toCoverage(footage, range, maxGapMs)).toEqual(expected)
        expect(toCoverage(footage, range, maxGapMs + 7)).toEqual(naiveCoverage(rows, range, maxGapMs + 7))
      }),
      { numRuns: 300 },
    )
  })

  test('goes through an index once, whatever part of it is read', () => {
    const count = 50_000
    const counted = { reads: 0 }
    const columns = toColumns(Array.from({ length: count }, (_, row) => ({ startMs: row * 2000, lengthMs: 1960, sizeBytes: 7 })))
    const startsMs = new Proxy(columns.startsMs, {
      get(target, key) {
        counted.reads += 1
        const value: unknown = Reflect.get(target, key)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    const index = new FootageIndex({ ...columns, startsMs })
    const read = (from: number, to: number) => {
      const range = { startMs: from * 2000, endMs: to * 2000 - 1 }
      expect(toCoverage(new Footage([{ index, from, to }]), range)).toMatchObject({ fragmentCount: to - from, sizeBytes: 7 * (to - from) })
    }
    read(0, count)
    counted.reads = 0
    for (let from = 100; from < 200; from += 1) read(from, count - from)
    expect(counted.reads).toBeLessThan(100 * 200)
  })
})
