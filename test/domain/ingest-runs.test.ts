import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { packFragments } from '../../src/domain/clip-packing.js'
import { selectFragments } from '../../src/domain/fragment-selection.js'
import type { TimeRange } from '../../src/domain/time-range.js'
import { formatFragmentNumber } from '../../src/kvs-server/archive/fragment-number.js'
import { withoutNewerRuns } from '../../src/kvs-server/clip/without-newer-runs.js'
import { T0 } from '../support/listed-fragments.js'

/** A fragment as both sides know it. */
function toRow(sequence: number, { startMs, lengthMs }: { readonly startMs: number; readonly lengthMs: number }) {
  const serverTimestampMs = T0 + sequence
  const fragmentNumber = formatFragmentNumber({ sequence, serverTimestampMs, nonce: (sequence * 7_919_111) % 2 ** 28 })
  return { sequence, fragmentNumber, producerTimestampMs: T0 + startMs, serverTimestampMs, lengthMs, sizeBytes: 10 }
}

type Row = ReturnType<typeof toRow>

const numbersOf = (fragments: readonly { fragmentNumber: string }[]) => fragments.map(({ fragmentNumber }) => fragmentNumber)
const isInside = ({ startMs, endMs }: TimeRange, instantMs: number) => instantMs >= startMs && instantMs <= endMs

/** What the embedded server gives of a range. */
function serve(rows: readonly Row[], range: TimeRange): Row[] {
  const inside = rows.filter(({ producerTimestampMs }) => isInside(range, producerTimestampMs))
  return [...withoutNewerRuns(inside.toSorted((a, b) => a.producerTimestampMs - b.producerTimestampMs || a.sequence - b.sequence))]
}

const ALL = { startMs: T0, endMs: T0 + 100_000 }
const WHOLE = { startMs: T0, endMs: T0 + 1_000_000 }
const select = (rows: readonly Row[]) => selectFragments(rows, 'PRODUCER_TIMESTAMP', ALL)

/** Runs of up to eight fragments, some far shorter than what they reach into each other; numbers leap, and runs may be taken in at once. */
const runs: fc.Arbitrary<Row[]> = fc
  .array(
    fc.record({
      fromMs: fc.oneof(fc.integer({ min: 0, max: 6000 }), fc.constantFrom(0, 500, 1000)),
      spacingMs: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 40, max: 800 }), fc.integer({ min: 200, max: 3000 })),
      hangsMs: fc.array(fc.oneof(fc.integer({ min: -60, max: 120 }), fc.integer({ min: -1000, max: 3000 })), {
        minLength: 1,
        maxLength: 8,
      }),
      leap: fc.integer({ min: 1, max: 3 }),
      /** Whether its numbers begin before those of the run before it end. */
      isTogether: fc.boolean(),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((sessions) => {
    const rows = new Map<number, Row>()
    sessions.forEach(({ fromMs, spacingMs, hangsMs, leap, isTogether }, session) => {
      hangsMs.forEach((hangMs, index) => {
        let sequence = (isTogether ? 5 : 30) * session + index * leap
        while (rows.has(sequence)) sequence += 1
        rows.set(sequence, toRow(sequence, { startMs: fromMs + index * spacingMs, lengthMs: Math.max(0, spacingMs + hangMs) }))
      })
    })
    return [...rows.values()]
  })

describe('which of several runs of ingestion is given', () => {
  test('is not computed for a single run', () => {
    const shape = fc.array(fc.record({ stepMs: fc.integer({ min: 1, max: 5000 }), lengthMs: fc.integer({ min: 0, max: 20_000 }) }), {
      minLength: 1,
      maxLength: 60,
    })
    const holds = fc.property(shape, fc.integer({ min: 1, max: 5 }), (steps, leap) => {
      let startMs = 0
      const rows = steps.map(({ stepMs, lengthMs }, index) => {
        startMs += stepMs
        return toRow(index * leap, { startMs, lengthMs })
      })
      expect(numbersOf(selectFragments(rows, 'PRODUCER_TIMESTAMP', WHOLE).fragments)).toEqual(numbersOf(rows))
      expect(numbersOf(serve(rows, WHOLE))).toEqual(numbersOf(rows))
    })
    fc.assert(holds, { numRuns: 500 })
  })

  // https://github.com/awslabs/amazon-kinesis-video-streams-producer-c/issues/154
  test.each([0, 100, 400, 900])(
    'is the older one where a clip with %i ms of another beginning overlaps the end of the one before',
    (shiftMs) => {
      const every = (from: number, to: number, sequence: number, offsetMs: number) =>
        Array.from({ length: to - from }, (_, index) =>
          toRow(sequence + index, { startMs: (from + index) * 1000 + offsetMs, lengthMs: 960 }),
        )
      const rows = [...every(0, 20, 0, 0), ...every(17, 40, 1000, shiftMs)]
      const { fragments } = select(rows)
      expect(fragments).toEqual(serve(rows, ALL))
      // Three fragments of the second clip lie under the first one; the fourth does by less than half, or begins behind it.
      const newer = shiftMs === 0 || shiftMs < 500 ? every(20, 40, 1003, shiftMs) : every(19, 40, 1002, shiftMs)
      expect(fragments).toEqual([...every(0, 20, 0, 0), ...newer])
    },
  )

  test('is also a newer one whose fragments reach into each other, where an older one overlaps less than half of a fragment', () => {
    const own = [toRow(11, { startMs: 0, lengthMs: 1300 }), toRow(12, { startMs: 1200, lengthMs: 1750 })]
    const { fragments, shadowed } = select([...own, toRow(1, { startMs: 2500, lengthMs: 2000 })])
    expect(fragments.map(({ lengthMs }) => lengthMs)).toEqual([1300, 1750, 2000])
    expect(shadowed).toEqual([])
  })

  test('is the older one only together with the fragment that shows the newer one to be another', () => {
    const older = [toRow(1, { startMs: 0, lengthMs: 2190 }), toRow(2, { startMs: 2210, lengthMs: 2190 })]
    const { shadowed } = select([...older, toRow(11, { startMs: 1770, lengthMs: 690 })])
    expect(shadowed.map(({ coveredBy }) => numbersOf(coveredBy))).toEqual([numbersOf(older)])
  })

  test('equals the selection of the embedded server, also in each part', () => {
    const holds = fc.property(runs, fc.integer({ min: 1, max: 4 }), (rows, maxFragments) => {
      const selection = select(rows)
      expect(numbersOf(selection.fragments)).toEqual(numbersOf(serve(rows, ALL)))
      const limits = { maxFragments, maxBytes: 1e9 }
      for (const part of packFragments({ selection, selector: 'PRODUCER_TIMESTAMP', range: ALL, limits }).parts)
        expect(numbersOf(serve(rows, part.range))).toEqual(numbersOf(part.fragments))
    })
    fc.assert(holds, { numRuns: 3000 })
  })
})
