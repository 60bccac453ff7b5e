import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { Kvs } from '../../src/kvs/kvs.js'
import { createKvsForTest, enoughTime, HeardRequests } from '../support/kvs-for-test.js'
import { STREAM_ARN, streamInfo } from '../support/kvs-wire-rows.js'
import { KvsWireStub, refuse } from '../support/kvs-wire-stub.js'

const clock = { time: 1_790_000_100_000, now: () => clock.time }
let heard: HeardRequests
let stub: KvsWireStub
let kvs: Kvs

beforeEach(async () => {
  heard = new HeardRequests()
  stub = await new KvsWireStub().listen()
  kvs = createKvsForTest(stub, { clock, listener: heard })
})
afterEach(async () => {
  kvs.close()
  await stub.close()
})

describe('find', () => {
  test('returns the description of the service, with missing and unknown members', async () => {
    stub.on('/describeStream', () => ({ StreamInfo: streamInfo() }))
    expect(await kvs.streams.find({ name: 'dock-3' }, enoughTime())).toEqual({
      name: 'dock-3',
      arn: STREAM_ARN,
      status: 'ACTIVE',
      mediaType: null,
      deviceName: null,
      kmsKeyId: 'arn:aws:kms:us-east-1:123456789012:alias/aws/kinesisvideo',
      version: 'davN9FKgAAAAAAAAAAAA',
      createdAtMs: 1_790_000_000_000,
      dataRetentionInHours: 24,
    })
    expect(heard.requests).toEqual(['DescribeStream ok'])
  })

  test('shares concurrent calls and caches for five seconds, by name and by ARN', async () => {
    stub.on('/describeStream', () => ({ StreamInfo: streamInfo() }))
    await Promise.all(Array.from({ length: 50 }, () => kvs.streams.find({ name: 'dock-3' }, enoughTime())))
    clock.time += 5_000
    await kvs.streams.find({ arn: STREAM_ARN }, enoughTime())
    expect(stub.to('/describeStream')).toHaveLength(1)
    clock.time += 1
    await kvs.streams.find({ name: 'dock-3' }, enoughTime())
    expect(stub.to('/describeStream')).toHaveLength(2)
  })

  test('is null when the stream does not exist, and does not cache that', async () => {
    stub.on('/describeStream', (_, response) =>
      refuse(response, 404, 'ResourceNotFoundException', 'The requested stream is not found or not active.'),
    )
    expect(await kvs.streams.find({ name: 'none' }, enoughTime())).toBeNull()
    stub.on('/describeStream', () => ({ StreamInfo: streamInfo('none') }))
    expect(await kvs.streams.find({ name: 'none' }, enoughTime())).toMatchObject({ name: 'none' })
  })
})

describe('failures', () => {
  test.each([
    [400, 'ClientLimitExceededException', 'KVS_THROTTLED', { retryAfterMs: 1000 }],
    [401, 'NotAuthorizedException', 'KVS_ACCESS_DENIED', {}],
    [403, 'AccessDeniedException', 'KVS_ACCESS_DENIED', {}],
    [403, 'InvalidSignatureException', 'KVS_ACCESS_DENIED', {}],
    [400, 'InvalidArgumentException', 'BAD_USER_INPUT', {}],
    [500, 'InternalFailure', 'KVS_UNAVAILABLE', { retryAfterMs: 5000 }],
  ])('%i %s becomes %s', async (status, name, code, retry) => {
    stub.on('/describeStream', (_, response) => refuse(response, status, name, 'User: arn:aws:iam::1:role/secret is not authorized'))
    // Throttled calls are repeated until the time of the request is over.
    const signal = code === 'KVS_THROTTLED' ? AbortSignal.timeout(3000) : enoughTime()
    const failure: unknown = await kvs.streams.find({ name: 'dock-3' }, signal).catch((error: unknown) => error)
    expect(failure).toMatchObject({ name: 'GatewayError', code, details: { awsRequestId: 'request-1', ...retry } })
    if (code === 'KVS_ACCESS_DENIED') expect(String(failure)).not.toContain('arn:aws:iam')
  })

  test('an XML response, as from a wrong host, is classified by its status', async () => {
    stub.on('/describeStream', (_, response) => {
      response
        .writeHead(403, { 'content-type': 'text/xml' })
        .end('<AccessDeniedException><Message>Unable to determine service</Message></AccessDeniedException>')
      return undefined
    })
    await expect(kvs.streams.find({ name: 'dock-3' }, enoughTime())).rejects.toMatchObject({ code: 'KVS_ACCESS_DENIED' })
  })

  test('throttled calls are retried within the time of the request', async () => {
    let refusals = 3
    stub.on('/describeStream', (_, response) => {
      refusals -= 1
      return refusals >= 0 ? refuse(response, 400, 'ClientLimitExceededException', 'Rate exceeded') : { StreamInfo: streamInfo() }
    })
    expect(await kvs.streams.find({ name: 'dock-3' }, enoughTime())).toMatchObject({ name: 'dock-3' })
    expect(heard.requests).toEqual([...Array(3).fill('DescribeStream ClientLimitExceededException'), 'DescribeStream ok'])
  })

  test('a denial is not retried', async () => {
    stub.on('/describeStream', (_, response) => refuse(response, 403, 'AccessDeniedException', 'no'))
    await expect(kvs.streams.find({ name: 'dock-3' }, enoughTime())).rejects.toThrow('does not let this gateway call DescribeStream')
    expect(heard.requests).toHaveLength(1)
  })

  test('a service that does not answer is a time-out for all callers of a shared call', async () => {
    stub.on('/describeStream', () => new Promise(() => undefined))
    const both = [30, 60].map((ms) => kvs.streams.find({ name: 'dock-3' }, AbortSignal.timeout(ms)))
    for (const one of both)
      await expect(one).rejects.toMatchObject({ code: 'KVS_UNAVAILABLE', message: 'Kinesis Video did not answer DescribeStream in time.' })
  })

  test('a caller that leaves gets its own reason', async () => {
    stub.on('/describeStream', () => new Promise(() => undefined))
    const controller = new AbortController()
    const left = kvs.streams.find({ name: 'dock-3' }, controller.signal)
    controller.abort(new Error('the client has gone'))
    await expect(left).rejects.toThrow('the client has gone')
  })

  test('a service that cannot be reached is unavailable', async () => {
    await stub.close()
    await expect(kvs.streams.find({ name: 'dock-3' }, enoughTime())).rejects.toMatchObject({ code: 'KVS_UNAVAILABLE' })
    expect(heard.requests).toHaveLength(3)
    await stub.listen()
  })
})

describe('list', () => {
  const names = ['b', 'a', 'Z', 'a.1', 'a-1', 'c']
  const page = (wanted: string[], NextToken: string | null) => ({ StreamInfoList: wanted.map((name) => streamInfo(name)), NextToken })

  beforeEach(() => {
    stub.on('/listStreams', ({ body }) => (body.NextToken === undefined ? page(names.slice(0, 3), 'more') : page(names.slice(3), null)))
  })

  test('is sorted by name, page by page', async () => {
    const first = await kvs.streams.list({ limit: 4 }, enoughTime())
    expect([first.streams.map(({ name }) => name), first.hasMore]).toEqual([['Z', 'a', 'a-1', 'a.1'], true])
    const second = await kvs.streams.list({ limit: 4, afterName: 'a.1' }, enoughTime())
    expect([second.streams.map(({ name }) => name), second.hasMore]).toEqual([['b', 'c'], false])
    expect(stub.to('/listStreams')).toHaveLength(2)
  })

  test('continues after a name that no longer exists', async () => {
    const { streams } = await kvs.streams.list({ limit: 1, afterName: 'a-2' }, enoughTime())
    expect(streams.map(({ name }) => name)).toEqual(['a.1'])
  })

  test('sends the prefix to the service', async () => {
    await kvs.streams.list({ limit: 4, namePrefix: 'cam' }, enoughTime())
    expect(stub.to('/listStreams')[0]?.body).toEqual({ StreamNameCondition: { ComparisonOperator: 'BEGINS_WITH', ComparisonValue: 'cam' } })
  })

  test('does not follow a token that repeats', async () => {
    stub.on('/listStreams', () => page([], 'again'))
    await expect(kvs.streams.list({ limit: 4 }, enoughTime())).rejects.toMatchObject({ code: 'KVS_UNAVAILABLE' })
    expect(stub.to('/listStreams')).toHaveLength(2)
  })
})

describe('findMany', () => {
  const many = Array.from({ length: 40 }, (_, index) => `camera-${index}`)

  test('lists many streams, and describes only those that are not listed', async () => {
    stub.on('/listStreams', () => ({ StreamInfoList: many.map((name) => streamInfo(name)) }))
    stub.on('/describeStream', (_, response) => refuse(response, 404, 'ResourceNotFoundException', 'none'))
    const found = await kvs.streams.findMany(
      [...many, 'none'].map((name) => ({ name })),
      enoughTime(),
    )
    expect(found.map((stream) => (stream instanceof Error ? 'failed' : (stream?.name ?? null)))).toEqual([...many, null])
    expect(heard.requests).toEqual(['ListStreams ok', 'DescribeStream ResourceNotFoundException'])
  })

  test('does not mistake a stream for an earlier one with the same name', async () => {
    stub.on('/listStreams', () => ({ StreamInfoList: many.map((name) => streamInfo(name)) }))
    stub.on('/describeStream', (_, response) => refuse(response, 404, 'ResourceNotFoundException', 'none'))
    const arns = many.slice(0, 8).map((name) => `arn:aws:kinesisvideo:us-east-1:123456789012:stream/${name}/1`)
    expect(
      await kvs.streams.findMany(
        arns.map((arn) => ({ arn })),
        enoughTime(),
      ),
    ).toEqual(arns.map(() => null))
  })

  test('describes a few streams, and returns each failure in its place', async () => {
    stub.on('/describeStream', ({ body }, response) =>
      body.StreamName === 'b' ? refuse(response, 403, 'AccessDeniedException', 'no') : { StreamInfo: streamInfo(String(body.StreamName)) },
    )
    const found = await kvs.streams.findMany(
      ['a', 'b', 'c'].map((name) => ({ name })),
      enoughTime(),
    )
    expect(found).toMatchObject([{ name: 'a' }, { code: 'KVS_ACCESS_DENIED' }, { name: 'c' }])
  })

  test('describes each stream when listing is not allowed', async () => {
    stub.on('/listStreams', (_, response) => refuse(response, 403, 'AccessDeniedException', 'no'))
    stub.on('/describeStream', ({ body }) => ({ StreamInfo: streamInfo(String(body.StreamName)) }))
    const found = await kvs.streams.findMany(
      many.map((name) => ({ name })),
      enoughTime(),
    )
    expect(found.map((stream) => (stream instanceof Error ? 'failed' : stream?.name))).toEqual(many)
  })
})

describe('tags', () => {
  test('come from all pages, sorted by key', async () => {
    stub.on('/listTagsForStream', ({ body }) =>
      body.NextToken === undefined
        ? { Tags: { site: 'north', floor: '' }, NextToken: 'more' }
        : { Tags: { area: 'dock' }, NextToken: null },
    )
    expect(await kvs.streams.tags({ arn: STREAM_ARN }, enoughTime())).toEqual([
      { key: 'area', value: 'dock' },
      { key: 'floor', value: '' },
      { key: 'site', value: 'north' },
    ])
  })

  test('of an unknown stream are null', async () => {
    stub.on('/listTagsForStream', (_, response) => refuse(response, 404, 'ResourceNotFoundException', 'none'))
    expect(await kvs.streams.tags({ name: 'none' }, enoughTime())).toBeNull()
  })

  test('shares concurrent calls and caches for a minute', async () => {
    stub.on('/listTagsForStream', () => ({ Tags: { site: 'north' } }))
    await Promise.all(Array.from({ length: 50 }, () => kvs.streams.tags({ arn: STREAM_ARN }, enoughTime())))
    clock.time += 60_000
    await kvs.streams.tags({ arn: STREAM_ARN }, enoughTime())
    expect(stub.to('/listTagsForStream')).toHaveLength(1)
    stub.on('/listTagsForStream', () => ({ Tags: { site: 'south' } }))
    clock.time += 1
    expect(await kvs.streams.tags({ arn: STREAM_ARN }, enoughTime())).toEqual([{ key: 'site', value: 'south' }])
  })

  test('of an unknown stream are not cached, and neither is a failure', async () => {
    const answers = [404, 403]
    stub.on('/listTagsForStream', (_, response) => {
      const status = answers.shift()
      if (status === undefined) return { Tags: { site: 'north' } }
      return refuse(response, status, status === 404 ? 'ResourceNotFoundException' : 'AccessDeniedException', 'no')
    })
    expect(await kvs.streams.tags({ arn: STREAM_ARN }, enoughTime())).toBeNull()
    await expect(kvs.streams.tags({ arn: STREAM_ARN }, enoughTime())).rejects.toMatchObject({ code: 'KVS_ACCESS_DENIED' })
    expect(await kvs.streams.tags({ arn: STREAM_ARN }, enoughTime())).toEqual([{ key: 'site', value: 'north' }])
  })
})

test('fifty calls of the control plane at a time take no mebibyte each', async () => {
  const waiting: (() => void)[] = []
  stub.on('/listTagsForStream', async () => {
    await new Promise<void>((resolve) => waiting.push(resolve))
    return { Tags: {} }
  })
  const before = process.memoryUsage().arrayBuffers
  const calls = Array.from({ length: 50 }, (_, index) => kvs.streams.tags({ name: `camera-${index}` }, enoughTime()))
  while (waiting.length < 50) await new Promise(setImmediate)
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10 * 1024 * 1024)
  for (const answer of waiting) answer()
  await Promise.all(calls)
})
