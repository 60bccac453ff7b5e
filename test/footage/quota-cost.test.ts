import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { FootageService } from '../../src/footage/footage-service.js'
import type { Kvs } from '../../src/kvs/kvs.js'
import { fakeStream } from '../support/fake-kvs.js'
import { createKvsForTest, enoughTime } from '../support/kvs-for-test.js'
import { fragmentRow, rangeOf } from '../support/kvs-wire-rows.js'
import { KvsWireStub } from '../support/kvs-wire-stub.js'

const NOW_MS = 1_790_000_000_000
const DAY_MS = 86_400_000
const STEP_MS = 2000
const START_MS = NOW_MS - 2 * DAY_MS
const stream = fakeStream('dock-3', { createdAtMs: START_MS, dataRetentionInHours: 72 })
const clock = { now: () => NOW_MS }

let stub: KvsWireStub
let kvs: Kvs

/** Two days of fragments of two seconds, a page at a time, the rows of each page in no order. */
beforeEach(async () => {
  stub = await new KvsWireStub().listen()
  stub.on('/listFragments', ({ body }) => {
    const { startMs, endMs } = rangeOf(body)
    const first = Number(body.NextToken ?? Math.max(0, Math.ceil((startMs - START_MS) / STEP_MS)))
    const behind = Math.min(first + Number(body.MaxResults), Math.floor((Math.min(endMs, NOW_MS) - START_MS) / STEP_MS) + 1)
    const rows = Array.from({ length: Math.max(0, behind - first) }, (_, index) => {
      const number = first + index
      return fragmentRow(1000 + number, START_MS + number * STEP_MS)
    })
    const hasMore = START_MS + behind * STEP_MS <= Math.min(endMs, NOW_MS)
    return { Fragments: rows.toReversed(), NextToken: hasMore ? String(behind) : null }
  })
  kvs = createKvsForTest(stub)
})
afterEach(async () => {
  kvs.close()
  await stub.close()
})

/** The requested rows, which the quota counts. */
function pointsSpent(): number {
  return stub.to('/listFragments').reduce((sum, { body }) => sum + Number(body.MaxResults), 0)
}

describe('the coverage of a day of fragments of two seconds', () => {
  test.each([
    ['in the past', START_MS + 3_600_000, START_MS + 3_600_000 + DAY_MS],
    ['up to now', NOW_MS - DAY_MS, NOW_MS],
  ])('%s costs a point a fragment and a page the first time, and nothing the second', async (_, startMs, endMs) => {
    const service = new FootageService({ fragments: kvs.fragments, media: kvs.fragmentMedia, clock })
    const query = { range: { startMs, endMs }, fragmentSelectorType: 'SERVER_TIMESTAMP' as const, maxGapMs: 1000 }
    const first = await service.coverage(stream, query, enoughTime())
    expect(first).toMatchObject({ fragmentCount: 43_201, gaps: [] })
    const spent = pointsSpent()
    expect(spent).toBeLessThanOrEqual(43_201 + 1000)
    expect(await service.coverage(stream, query, enoughTime())).toEqual(first)
    expect(await service.coverage(stream, { ...query, range: { startMs: startMs + 7, endMs: endMs - 7 } }, enoughTime())).toMatchObject({
      fragmentCount: 43_199,
    })
    expect(pointsSpent()).toBe(spent)
  })
})
