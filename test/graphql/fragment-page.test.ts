import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { type GuardedFragments, guardFragments } from '../../src/auth/guarded-reads.js'
import { ANONYMOUS } from '../../src/auth/principal.js'
import { listFragmentPage } from '../../src/graphql/fragment/fragment-page.js'
import type { Kvs } from '../../src/kvs/kvs.js'
import { callerOf, untaggedAccess } from '../support/callers.js'
import { createKvsForTest, enoughTime } from '../support/kvs-for-test.js'
import { fragmentRow, rangeOf, STREAM_ARN } from '../support/kvs-wire-rows.js'
import { KvsWireStub } from '../support/kvs-wire-stub.js'

const DAY_MS = 86_400_000
const START_MS = 1_790_000_000_000

let stub: KvsWireStub
let kvs: Kvs
/** When the fragments start, in the order of the listing. */
let startsMs: number[] = []

beforeEach(async () => {
  stub = await new KvsWireStub().listen()
  stub.on('/listFragments', ({ body }) => {
    const { startMs, endMs } = rangeOf(body)
    const rows = startsMs.filter((ms) => ms >= startMs && ms <= endMs)
    const from = Number(body.NextToken ?? 0)
    const to = from + Number(body.MaxResults)
    const page = rows.slice(from, to).map((ms) => fragmentRow(ms, ms))
    return { Fragments: page, NextToken: to < rows.length ? String(to) : null }
  })
  kvs = createKvsForTest(stub)
})
afterEach(async () => {
  kvs.close()
  await stub.close()
})

/** In an order that looks random and is always the same. */
function shuffle(sorted: readonly number[]): number[] {
  const keyOf = (index: number) => (index * 2_654_435_761) % 4_294_967_296
  return sorted
    .map((ms, index) => ({ ms, key: keyOf(index) }))
    .sort((a, b) => a.key - b.key)
    .map(({ ms }) => ms)
}

function footage(fromMs: number, toMs: number, stepMs: number): number[] {
  return Array.from({ length: Math.floor((toMs - fromMs) / stepMs) }, (_, index) => fromMs + index * stepMs)
}

function fragmentsOf({ fragments }: Kvs): GuardedFragments {
  return guardFragments(fragments, untaggedAccess())
}

async function firstPage(first: number) {
  const range = { startMs: START_MS, endMs: START_MS + DAY_MS }
  const query = { streamArn: STREAM_ARN, fragmentSelectorType: 'SERVER_TIMESTAMP' as const, range, first, after: null }
  const { nodes, hasNextPage } = await listFragmentPage(fragmentsOf(kvs), query, callerOf(ANONYMOUS, enoughTime()))
  const calls = stub.to('/listFragments')
  const points = calls.reduce((sum, { body }) => sum + Number(body.MaxResults), 0)
  return { starts: nodes.map(({ serverTimestampMs }) => serverTimestampMs), hasNextPage, calls: calls.length, points }
}

const HOUR_MS = 3_600_000

describe('the first page of a day of fragments', () => {
  test.each([
    ['whose footage starts at once', 10, 0, 2000],
    ['that begins with an empty hour', 10, HOUR_MS, 2000],
    ['that begins with ten empty hours', 10, 10 * HOUR_MS, 1000],
    ['that begins with ten empty hours, five fragments a second', 10, 10 * HOUR_MS, 200],
    ['that begins with 23 empty hours', 1, 23 * HOUR_MS, 1000],
    ['that begins with an empty hour, for a page of 100', 100, HOUR_MS, 1000],
    ['that begins with an empty hour, for the largest page', 1000, HOUR_MS, 1000],
  ])(
    '%s takes fewer than ten calls and half a second of the quota, whether or not they are listed in order',
    async (_, first, emptyMs, stepMs) => {
      const sorted = footage(START_MS + emptyMs, START_MS + DAY_MS, stepMs)
      for (const order of [sorted, shuffle(sorted)]) {
        startsMs = order
        stub.requests.length = 0
        const page = await firstPage(first)
        expect(page).toMatchObject({ starts: sorted.slice(0, first), hasNextPage: true })
        expect(page.calls).toBeLessThan(10)
        expect(page.points).toBeLessThan(Math.max(5000, 10 * first))
      }
    },
  )

  test('that starts with ten empty hours takes a few more calls if the newest are listed first', async () => {
    const sorted = footage(START_MS + 10 * HOUR_MS, START_MS + DAY_MS, 1000)
    startsMs = sorted.toReversed()
    const page = await firstPage(10)
    expect(page).toMatchObject({ starts: sorted.slice(0, 10), hasNextPage: true })
    expect(page.calls).toBeLessThan(25)
  })

  test('whose fragments share one timestamp is sorted by number', async () => {
    startsMs = Array.from({ length: 1500 }, () => START_MS + HOUR_MS)
    stub.on('/listFragments', ({ body }) => {
      const { startMs, endMs } = rangeOf(body)
      const isInside = startMs <= START_MS + HOUR_MS && endMs >= START_MS + HOUR_MS
      const from = Number(body.NextToken ?? 0)
      const to = Math.min(1500, from + Number(body.MaxResults))
      const rows = isInside ? Array.from({ length: to - from }, (_, index) => fragmentRow(9999 - from - index, START_MS + HOUR_MS)) : []
      return { Fragments: rows, NextToken: isInside && to < 1500 ? String(to) : null }
    })
    const query = { streamArn: STREAM_ARN, fragmentSelectorType: 'SERVER_TIMESTAMP' as const, first: 3, after: null }
    const range = { startMs: START_MS, endMs: START_MS + DAY_MS }
    const { nodes } = await listFragmentPage(fragmentsOf(kvs), { ...query, range }, callerOf(ANONYMOUS, enoughTime()))
    expect(nodes.map(({ fragmentNumber }) => fragmentNumber)).toEqual(['8500', '8501', '8502'])
  })
})
