import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { selectFragments } from '../../src/domain/fragment-selection.js'
import { withoutNewerRuns } from '../../src/kvs-server/clip/without-newer-runs.js'
import { listFragments, listings, T0, toFragment } from '../support/listed-fragments.js'

const ALL = { startMs: 0, endMs: T0 * 2 }
const numbersOf = (fragments: readonly { fragmentNumber: string }[]) => fragments.map(({ fragmentNumber }) => fragmentNumber)

describe('the fragments that GetClip selects', () => {
  test('starts inside the range, both ends inclusive, to the millisecond', () => {
    const listed = listFragments(5)
    for (let index = 0; index < 5; index++) {
      const start = T0 + index * 2000
      const starts = (startMs: number, endMs: number) =>
        numbersOf(selectFragments(listed, 'SERVER_TIMESTAMP', { startMs, endMs }).fragments)
      const number = String(1000 + index)
      expect(starts(start, start + 1)).toEqual([number])
      expect(starts(start - 1, start)).toEqual([number])
      expect(starts(start + 1, start + 1999)).toEqual([])
      expect(starts(start - 1999, start - 1)).toEqual([])
    }
  })

  test('plays in order of time, and of number where times are equal', () => {
    const listed = [toFragment(T0 + 5, { number: 10 }), toFragment(T0 + 5, { number: 9 }), toFragment(T0, { number: 11 })]
    expect(numbersOf(selectFragments(listed, 'SERVER_TIMESTAMP', ALL).fragments)).toEqual(['11', '9', '10'])
  })

  test('is the oldest of fragments with equal producer timestamps', () => {
    const listed = [toFragment(T0, { number: 12 }), toFragment(T0, { number: 9 }), toFragment(T0, { number: 10 })]
    expect(numbersOf(selectFragments(listed, 'PRODUCER_TIMESTAMP', ALL).fragments)).toEqual(['9'])
    expect(numbersOf(selectFragments(listed, 'SERVER_TIMESTAMP', ALL).fragments)).toEqual(['9', '10', '12'])
  })

  test('is the oldest of two runs of ingestion over the same time', () => {
    const old = listFragments(5)
    const again = listFragments(8, { fromMs: T0 + 700, firstNumber: 2000 })
    const { fragments, shadowed } = selectFragments([...again, ...old], 'PRODUCER_TIMESTAMP', ALL)
    expect(numbersOf(fragments)).toEqual(['1000', '1001', '1002', '1003', '1004', '2005', '2006', '2007'])
    expect(shadowed.map(({ coveredBy }) => numbersOf(coveredBy))).toEqual([
      ['1000', '1001'],
      ['1001', '1002'],
      ['1002', '1003'],
      ['1003', '1004'],
      ['2003', '1004'],
    ])
  })

  test('is the oldest run also where a newer fragment starts in the last moment of one older fragment and goes on under the next', () => {
    const old = listFragments(3)
    const again = listFragments(3, { fromMs: T0 + 1700, firstNumber: 2000 })
    const { fragments, shadowed } = selectFragments([...again, ...old], 'PRODUCER_TIMESTAMP', ALL)
    expect(numbersOf(fragments)).toEqual(['1000', '1001', '1002', '2002'])
    expect(shadowed.map(({ coveredBy }) => numbersOf(coveredBy))).toEqual([
      ['1000', '1001'],
      ['1001', '1002'],
    ])
  })

  test('keeps a late upload that fills a hole, although its sound slightly overlaps existing footage', () => {
    const listed = [
      toFragment(T0, { number: 1 }),
      toFragment(T0 + 4000, { number: 2 }),
      toFragment(T0 + 1900, { number: 3, lengthMs: 2300 }),
    ]
    expect(numbersOf(selectFragments(listed, 'PRODUCER_TIMESTAMP', ALL).fragments)).toEqual(['1', '3', '2'])
  })

  test.each([-200, -1900, -15_000])('keeps a run whole whose fragments reach %i ms into each other', (frameMs) => {
    const listed = listFragments(50, { frameMs })
    expect(selectFragments(listed, 'PRODUCER_TIMESTAMP', ALL).fragments).toEqual(listed)
  })

  test('equals the selection of the embedded server for any listing', () => {
    fc.assert(
      fc.property(listings, (listed) => {
        const rows = listed
          .map((fragment) => ({ ...fragment, sequence: Number(fragment.fragmentNumber) }))
          .sort((a, b) => a.producerTimestampMs - b.producerTimestampMs || a.sequence - b.sequence)
        const served = [...withoutNewerRuns(rows)]
        expect(numbersOf(selectFragments(listed, 'PRODUCER_TIMESTAMP', ALL).fragments)).toEqual(numbersOf(served))
      }),
      { numRuns: 1000 },
    )
  })
})
