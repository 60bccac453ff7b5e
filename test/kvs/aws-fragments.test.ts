import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { Kvs } from '../../src/kvs/kvs.js'
import { type FragmentQuery, TooManyFragments } from '../../src/kvs/ports.js'
import { createKvsForTest, enoughTime } from '../support/kvs-for-test.js'
import { fragmentRow, STREAM_ARN, streamInfo } from '../support/kvs-wire-rows.js'
import { KvsWireStub, refuse } from '../support/kvs-wire-stub.js'

const start = 1_790_000_000_000
let stub: KvsWireStub
let kvs: Kvs

beforeEach(async () => {
  stub = await new KvsWireStub().listen()
  kvs = createKvsForTest(stub)
})
afterEach(async () => {
  kvs.close()
  await stub.close()
})

function query(overrides: Partial<FragmentQuery> = {}): FragmentQuery {
  return { streamArn: STREAM_ARN, fragmentSelectorType: 'SERVER_TIMESTAMP', range: { startMs: start, endMs: start + 60_250 }, ...overrides }
}

const requestBodies = () => stub.to('/listFragments').map(({ body }) => body)

describe('a listing', () => {
  test('sends milliseconds, and returns the members of each fragment', async () => {
    stub.on('/listFragments', () => ({ Fragments: [fragmentRow('91343852333181432392', start + 1846, start + 1021)], NextToken: null }))
    expect(await kvs.fragments.list(query({ expected: 30 }), enoughTime())).toEqual([
      {
        fragmentNumber: '91343852333181432392',
        producerTimestampMs: start + 1021,
        serverTimestampMs: start + 1846,
        lengthMs: 1960,
        sizeBytes: 512_345,
      },
    ])
    expect(requestBodies()).toEqual([
      {
        StreamARN: STREAM_ARN,
        MaxResults: 30,
        FragmentSelector: {
          FragmentSelectorType: 'SERVER_TIMESTAMP',
          TimestampRange: { StartTimestamp: 1_790_000_000, EndTimestamp: 1_790_000_060.25 },
        },
      },
    ])
  })

  test('keeps every millisecond of a timestamp that is written as a double', async () => {
    const times = Array.from({ length: 1000 }, (_, index) => start + index)
    stub.on('/listFragments', () => ({ Fragments: times.map((time, index) => fragmentRow(index, time)) }))
    expect((await kvs.fragments.list(query(), enoughTime())).map(({ serverTimestampMs }) => serverTimestampMs)).toEqual(times)
  })

  test('is sorted by the selected clock, then by number, without duplicates', async () => {
    const rows = [fragmentRow('10', start + 5, start + 1), fragmentRow('9', start + 5, start + 2), fragmentRow('011', start + 1, start + 2)]
    stub.on('/listFragments', ({ body }) =>
      body.NextToken === undefined ? { Fragments: rows.slice(0, 2), NextToken: 'bW9yZQ==' } : { Fragments: rows },
    )
    const numbers = async (fragmentSelectorType: FragmentQuery['fragmentSelectorType']) =>
      (await kvs.fragments.list(query({ fragmentSelectorType }), enoughTime())).map(({ fragmentNumber }) => fragmentNumber)
    expect(await numbers('SERVER_TIMESTAMP')).toEqual(['011', '9', '10'])
    expect(await numbers('PRODUCER_TIMESTAMP')).toEqual(['10', '9', '011'])
  })

  test('is shared by concurrent equal calls', async () => {
    stub.on('/listFragments', () => ({ Fragments: [] }))
    await Promise.all(Array.from({ length: 30 }, () => kvs.fragments.list(query(), enoughTime())))
    expect(requestBodies()).toHaveLength(1)
  })

  test('asks for larger pages if there are more fragments than expected', async () => {
    stub.on('/listFragments', ({ body }) => {
      const from = Number(body.NextToken ?? 0)
      const to = Math.min(3000, from + Number(body.MaxResults))
      const rows = Array.from({ length: to - from }, (_, index) => fragmentRow(from + index, start + from + index))
      return { Fragments: rows, NextToken: to < 3000 ? String(to) : null }
    })
    expect(await kvs.fragments.list(query({ expected: 11 }), enoughTime())).toHaveLength(3000)
    expect(requestBodies().map(({ MaxResults }) => MaxResults)).toEqual([11, 22, 44, 88, 176, 352, 704, 1000, 1000])
  })

  test.each([
    ['as many as are expected', { expected: 12 }, 12],
    ['one a second without a guess', {}, 63],
    ['never more than a page', { expected: 5000 }, 1000],
    ['one more than is wanted at most, to know of it', { expected: 500, atMost: 200 }, 201],
    ['at least one', { expected: 0 }, 1],
  ])('asks for %s', async (_, wish, rows) => {
    stub.on('/listFragments', () => ({ Fragments: [] }))
    await kvs.fragments.list(query(wish), enoughTime())
    expect(requestBodies()[0]?.MaxResults).toBe(rows)
  })
})

describe('a range', () => {
  test('without footage has an empty list', async () => {
    stub.on('/listFragments', () => ({ Fragments: [], NextToken: null }))
    expect(await kvs.fragments.list(query(), enoughTime())).toEqual([])
  })

  test('outside the retention period has an empty list', async () => {
    stub.on('/listFragments', (_, response) =>
      refuse(response, 400, 'InvalidArgumentException', 'End timestamp 1790000060250 is outside of the stream retention period.'),
    )
    expect(await kvs.fragments.list(query(), enoughTime())).toEqual([])
  })

  test('that is not found is empty if the stream exists, otherwise the stream is not found', async () => {
    stub.on('/listFragments', (_, response) => refuse(response, 404, 'ResourceNotFoundException', 'none'))
    stub.on('/describeStream', () => ({ StreamInfo: streamInfo() }))
    expect(await kvs.fragments.list(query(), enoughTime())).toEqual([])
    stub.on('/describeStream', (_, response) => refuse(response, 404, 'ResourceNotFoundException', 'none'))
    await expect(kvs.fragments.list(query(), enoughTime())).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: 'The stream does not exist.',
    })
  })

  test('with more fragments than the limit is refused', async () => {
    stub.on('/listFragments', () => ({ Fragments: [1, 2, 3].map((number) => fragmentRow(number, start + number)) }))
    await expect(kvs.fragments.list(query({ atMost: 2 }), enoughTime())).rejects.toBeInstanceOf(TooManyFragments)
  })

  test('that the service refuses has the error of the service', async () => {
    stub.on('/listFragments', (_, response) => refuse(response, 400, 'InvalidArgumentException', 'Something else is wrong.'))
    const error: unknown = await kvs.fragments.list(query({ atMost: 2 }), enoughTime()).catch((reason: unknown) => reason)
    expect(error).not.toBeInstanceOf(TooManyFragments)
    expect(error).toMatchObject({ code: 'BAD_USER_INPUT', message: 'Kinesis Video refused ListFragments: Something else is wrong.' })
  })

  test('whose listing never ends is abandoned', async () => {
    let pages = 0
    stub.on('/listFragments', () => {
      pages += 1
      return { Fragments: [], NextToken: `page${pages}` }
    })
    await expect(kvs.fragments.list(query({ atMost: 1 }), enoughTime())).rejects.toMatchObject({ code: 'KVS_UNAVAILABLE' })
    expect(pages).toBeLessThan(110)
  })

  test.each([
    { ProducerTimestamp: 1, ServerTimestamp: 1 },
    { FragmentNumber: 'x', ProducerTimestamp: 1, ServerTimestamp: 1 },
    { FragmentNumber: '1' },
  ])('with an invalid row is a service error: %j', async (row) => {
    stub.on('/listFragments', () => ({ Fragments: [row] }))
    await expect(kvs.fragments.list(query(), enoughTime())).rejects.toMatchObject({ code: 'KVS_UNAVAILABLE' })
  })
})
