import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { RunBuilder, readRuns, sliceRuns } from '../../../../src/media/mp4/tables/runs.js'

/** Long enough for several pages. */
const anyRows = fc
  .record({
    length: fc.integer({ min: 0, max: 40_000 }),
    period: fc.integer({ min: 1, max: 9 }),
    largest: fc.constantFrom(200, 60_000, 4e9),
  })
  .map(({ length, period, largest }) =>
    Array.from({ length }, (_, index) => (index % 1000 === 999 ? largest : Math.floor(index / period) % 3)),
  )

function build(rows: readonly number[]): RunBuilder {
  const builder = new RunBuilder()
  for (const value of rows) builder.add(1, value)
  return builder
}

/** As one string, because comparing long arrays takes most of the test's time. */
function rowsOf(runs: { readonly counts: ArrayLike<number>; readonly values: ArrayLike<number> }): string {
  return Array.from(runs.counts, (count, run) => `${runs.values[run]} `.repeat(count)).join('')
}

const asText = (rows: readonly number[]) => rows.map((value) => `${value} `).join('')

describe('runs', () => {
  test('return the rows that they were built from, and merge equal neighbours', () => {
    fc.assert(
      fc.property(anyRows, (rows) => {
        const builder = build(rows)
        const runs = builder.build()
        expect(rowsOf(runs)).toBe(asText(rows))
        expect(runs.counts.length).toBe(builder.length)
        expect(runs.values.some((value, run) => run > 0 && value === runs.values[run - 1])).toBe(false)
        const next = readRuns(runs)
        expect(rows.every((value) => next() === value)).toBe(true)
      }),
      { numRuns: 30 },
    )
  })

  test('can be removed one by one across any number of pages, and added again', () => {
    fc.assert(
      fc.property(anyRows, fc.nat(40_000), (rows, wanted) => {
        const builder = build(rows)
        const left = Math.max(builder.length - wanted, 0)
        let popped = 0
        while (builder.length > left) popped += builder.pop()?.count ?? 0
        builder.add(1, 77)
        expect(rowsOf(builder.build())).toBe(asText([...rows.slice(0, rows.length - popped), 77]))
      }),
      { numRuns: 30 },
    )
    expect(new RunBuilder().pop()).toBeNull()
  })

  test('of some samples have the same values as those of all samples', () => {
    fc.assert(
      fc.property(anyRows, fc.nat(40_000), fc.nat(40_000), (rows, a, b) => {
        const [from, to] = [Math.min(a, b, rows.length), Math.min(Math.max(a, b), rows.length)]
        expect(rowsOf(sliceRuns(build(rows).build(), from, to))).toBe(asText(rows.slice(from, to)))
      }),
      { numRuns: 30 },
    )
  })
})
