import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { ListedFragment } from '../../src/domain/listed-fragment.js'
import { FootageService } from '../../src/footage/footage-service.js'
import type { FragmentLister, FragmentQuery } from '../../src/kvs/ports.js'
import { FakeFragmentMedia, FakeFragments, fakeStream } from '../support/fake-kvs.js'
import { type NaiveRow, naiveCoverage } from '../support/naive-coverage.js'

const HOUR_MS = 3_600_000
const START_MS = 1_700_000_000_000
/** What reaches into a range is listed from so long before it. */
const LONGEST_FRAGMENT_MS = 20_000

/** An archive that grows. */
class Archive implements FragmentLister {
  readonly rows: ListedFragment[] = []

  list(query: FragmentQuery): Promise<readonly ListedFragment[]> {
    return new FakeFragments(this.rows).list(query)
  }

  add(serverTimestampMs: number, { lengthMs, sizeBytes }: Pick<ListedFragment, 'lengthMs' | 'sizeBytes'>): void {
    const fragmentNumber = String(10n ** 20n + BigInt(this.rows.length))
    this.rows.push({ fragmentNumber, producerTimestampMs: serverTimestampMs - 300, serverTimestampMs, lengthMs, sizeBytes })
  }

  /** What a listing of now holds of the range, and before it of what may reach into it. */
  around(range: { startMs: number; endMs: number }, retainedFromMs: number): NaiveRow[] {
    const fromMs = Math.max(range.startMs - LONGEST_FRAGMENT_MS, retainedFromMs)
    return this.rows
      .map(({ serverTimestampMs, lengthMs, sizeBytes }) => ({ startMs: serverTimestampMs, lengthMs, sizeBytes }))
      .filter(({ startMs }) => startMs >= fromMs && startMs <= range.endMs)
      .sort((a, b) => a.startMs - b.startMs)
  }
}

const anyArrival = fc.record({
  kind: fc.constant('arrival' as const),
  /** How long before it is listed the fragment came in: less than what settles. */
  lateMs: fc.oneof(fc.constant(0), fc.nat(100_000)),
  lengthMs: fc.constantFrom(0, 1960, 1960, 19_000),
  sizeBytes: fc.nat(1000),
  times: fc.integer({ min: 1, max: 30 }),
  stepMs: fc.constantFrom(2000, 2000, 2000, 9000),
})
const anyPause = fc.record({ kind: fc.constant('pause' as const), pauseMs: fc.integer({ min: 1001, max: 900_000 }) })
const anyRead = fc.record({
  kind: fc.constant('read' as const),
  backMs: fc.nat(2 * HOUR_MS),
  widthMs: fc.nat(3 * HOUR_MS),
  maxGapMs: fc.constantFrom(1000, 1000, 0, 5000),
  retentionHours: fc.constantFrom(1, 2),
})
const anyHistory = fc.array(
  fc.oneof({ weight: 3, arbitrary: anyArrival }, { weight: 1, arbitrary: anyPause }, { weight: 3, arbitrary: anyRead }),
  { minLength: 5, maxLength: 40 },
)

describe('remembered coverage', () => {
  test('equals a new computation while footage arrives, also late, and expires', async () => {
    await fc.assert(
      fc.asyncProperty(anyHistory, async (history) => {
        const clock = { at: START_MS, now: () => clock.at }
        const archive = new Archive()
        const service = new FootageService({ fragments: archive, media: new FakeFragmentMedia(), clock })
        for (const event of history) {
          if (event.kind === 'pause') clock.at += event.pauseMs
          if (event.kind === 'arrival') {
            for (let time = 0; time < event.times; time += 1) {
              clock.at += event.stepMs
              archive.add(clock.at - event.lateMs, event)
            }
          }
          if (event.kind !== 'read') continue
          // What is open is remembered for a second.
          clock.at += 1001
          const stream = fakeStream('gate', { createdAtMs: START_MS - HOUR_MS, dataRetentionInHours: event.retentionHours })
          const range = { startMs: clock.at - event.backMs, endMs: clock.at - event.backMs + event.widthMs }
          const query = { range, fragmentSelectorType: 'SERVER_TIMESTAMP' as const, maxGapMs: event.maxGapMs }
          const retainedFromMs = Math.max(stream.createdAtMs, clock.at - event.retentionHours * HOUR_MS)
          const expected = naiveCoverage(archive.around(range, retainedFromMs), range, event.maxGapMs)
          expect(await service.coverage(stream, query, new AbortController().signal)).toEqual(expected)
        }
      }),
      { numRuns: 200 },
    )
  })
})
