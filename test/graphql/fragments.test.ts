import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { StreamFragmentsDocument } from '../../src/client/generated/graphql.js'
import { fakeFragments } from '../support/fake-kvs.js'
import { buildHarness } from '../support/graphql-harness.js'

const START_MS = Date.UTC(2023, 10, 15)
const DAY = { startTimestamp: new Date(START_MS).toISOString(), endTimestamp: new Date(START_MS + 86_400_000).toISOString() }
let harness: Awaited<ReturnType<typeof buildHarness>>

beforeEach(async () => {
  // Two hours of footage, a hole of ten, and some that share their timestamps.
  const morning = fakeFragments(3600, START_MS)
  const twins = fakeFragments(5, START_MS + 12 * 3_600_000, 0).map((row, index) => ({
    ...row,
    fragmentNumber: `9${index}${row.fragmentNumber}`,
  }))
  harness = await buildHarness({ fragments: [...twins, ...morning] })
})
afterEach(() => harness.app.close())

async function page(variables: Record<string, unknown>) {
  const { data, errors } = await harness.ask(StreamFragmentsDocument, { name: 'camera-01', range: DAY, ...variables })
  expect(errors).toEqual([])
  return JSON.parse(JSON.stringify(data)).stream.fragments
}

describe('fragments', () => {
  test('are sorted by time, with the members of ListFragments', async () => {
    const { nodes, pageInfo } = await page({ first: 2 })
    expect(nodes).toEqual([
      {
        fragmentNumber: '91343852333180000000000',
        producerTimestamp: '2023-11-15T00:00:00.000Z',
        serverTimestamp: '2023-11-15T00:00:00.300Z',
        lengthMs: 1960,
        sizeBytes: 50_000,
      },
      expect.objectContaining({ serverTimestamp: '2023-11-15T00:00:02.300Z' }),
    ])
    expect(pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false })
  })

  test.each(['SERVER_TIMESTAMP', 'PRODUCER_TIMESTAMP'])(
    'are each seen once when they are paged through by %s',
    async (fragmentSelectorType) => {
      const numbers = new Set<string>()
      let after: string | null = null
      let pages = 0
      do {
        const { nodes, pageInfo } = await page({ first: 700, after, fragmentSelectorType })
        for (const { fragmentNumber } of nodes) numbers.add(fragmentNumber)
        after = pageInfo.hasNextPage ? pageInfo.endCursor : null
        pages += 1
      } while (after !== null)
      expect(numbers.size).toBe(3605)
      expect(pages).toBe(6)
    },
  )

  test('with the same timestamp are sorted by their numbers', async () => {
    const range = { startTimestamp: '2023-11-15T12:00:00Z', endTimestamp: '2023-11-15T12:00:01Z' }
    const first = await page({ first: 2, range })
    const second = await page({ first: 2, range, after: first.pageInfo.endCursor })
    const third = await page({ first: 2, range, after: second.pageInfo.endCursor })
    expect([first, second, third].map(({ nodes }) => nodes.length)).toEqual([2, 2, 1])
    expect(third.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true })
  })

  test('of a camera whose clock is before 1970 have pages too', async () => {
    const early = await buildHarness({ fragments: fakeFragments(3, Date.UTC(1969, 11, 31)) })
    const variables = {
      name: 'camera-01',
      range: { startTimestamp: '1969-12-31T00:00:00Z', endTimestamp: '1969-12-31T01:00:00Z' },
      first: 2,
    }
    const first = await early.ask(StreamFragmentsDocument, { ...variables, fragmentSelectorType: 'PRODUCER_TIMESTAMP' })
    const after = Object(first.data).stream.fragments.pageInfo.endCursor
    const { data, errors } = await early.ask(StreamFragmentsDocument, { ...variables, after, fragmentSelectorType: 'PRODUCER_TIMESTAMP' })
    expect(errors).toEqual([])
    expect(Object(data).stream.fragments.nodes).toHaveLength(1)
    await early.app.close()
  })

  test('are listed only as far as the page needs', async () => {
    await page({ first: 100 })
    expect(harness.fragments.queries).toHaveLength(1)
    expect(harness.fragments.queries[0]).toMatchObject({ expected: 101, range: { startMs: START_MS, endMs: START_MS + 202_000 } })
  })

  test('of an empty day take few calls', async () => {
    const range = { startTimestamp: '2024-01-01T00:00:00Z', endTimestamp: '2024-01-02T00:00:00Z' }
    expect((await page({ range })).nodes).toEqual([])
    expect(harness.fragments.queries.length).toBeLessThanOrEqual(4)
  })

  test('that start at either end of the range are included', async () => {
    const range = { startTimestamp: '2023-11-15T00:00:02.300Z', endTimestamp: '2023-11-15T00:00:06.300Z' }
    expect((await page({ range })).nodes).toHaveLength(3)
    const narrower = { startTimestamp: '2023-11-15T00:00:02.301Z', endTimestamp: '2023-11-15T00:00:06.299Z' }
    expect((await page({ range: narrower })).nodes).toHaveLength(1)
  })

  test.each([
    [{ first: 0 }, 'first must be from 1 to 1000, got 0.'],
    [{ first: 1001 }, 'first must be from 1 to 1000, got 1001.'],
    [{ range: { startTimestamp: DAY.endTimestamp, endTimestamp: DAY.startTimestamp } }, 'range must not end before it starts'],
    [{ range: { startTimestamp: DAY.startTimestamp, endTimestamp: '2023-11-16T00:00:00.001Z' } }, 'range must span at most 24 hours'],
    [{ after: Buffer.from('Stream:camera-01').toString('base64url') }, 'after must be a cursor of an earlier page of the same list.'],
    [
      { after: Buffer.from('Fragment.SERVER_TIMESTAMP:x').toString('base64url') },
      'after must be a cursor of an earlier page of the same list.',
    ],
    [
      { after: Buffer.from('Fragment.PRODUCER_TIMESTAMP:1/1').toString('base64url') },
      'after must be a cursor of an earlier page of the same list.',
    ],
  ])('with %j are refused', async (variables, message) => {
    const { data, errors } = await harness.ask(StreamFragmentsDocument, { name: 'camera-01', range: DAY, ...variables })
    expect(data).toEqual({ stream: { name: 'camera-01', fragments: null } })
    expect(errors).toMatchObject([{ message: expect.stringContaining(message), extensions: { code: 'BAD_USER_INPUT' } }])
  })
})
