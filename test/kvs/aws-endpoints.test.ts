import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { Kvs } from '../../src/kvs/kvs.js'
import type { EndpointKey } from '../../src/kvs/ports.js'
import { createKvsForTest, enoughTime } from '../support/kvs-for-test.js'
import { fragmentRow, STREAM_ARN } from '../support/kvs-wire-rows.js'
import { KvsWireStub, refuse } from '../support/kvs-wire-stub.js'

const clock = { time: 1_790_000_100_000, now: () => clock.time }
let stub: KvsWireStub
let kvs: Kvs

beforeEach(async () => {
  stub = await new KvsWireStub().listen()
  kvs = createKvsForTest(stub, { clock })
})
afterEach(async () => {
  kvs.close()
  await stub.close()
})

function keyOf(index: number, api: EndpointKey['api'] = 'GET_CLIP'): EndpointKey {
  return { streamArn: `arn:aws:kinesisvideo:us-east-1:123456789012:stream/camera-${index}/1`, api }
}

const lookups = () => stub.to('/getDataEndpoint').map(({ body }) => body)

describe('data endpoints', () => {
  test('of ten streams take ten calls when each is requested twice, and none when they are requested again', async () => {
    const keys = Array.from({ length: 20 }, (_, index) => keyOf(index % 10))
    for (const _ of [1, 2]) expect(await kvs.endpoints.getMany(keys, enoughTime())).toEqual(keys.map(() => stub.url))
    expect(lookups()).toHaveLength(10)
  })

  test('are looked up once for concurrent operations', async () => {
    await Promise.all(Array.from({ length: 20 }, () => kvs.endpoints.getMany([keyOf(1)], enoughTime())))
    expect(lookups()).toEqual([{ APIName: 'GET_CLIP', StreamARN: keyOf(1).streamArn }])
  })

  test('are cached for 45 minutes, separately for each API', async () => {
    await kvs.endpoints.getMany([keyOf(1), keyOf(1, 'LIST_FRAGMENTS')], enoughTime())
    expect(lookups()).toHaveLength(2)
    clock.time += 45 * 60_000
    await kvs.endpoints.getMany([keyOf(1)], enoughTime())
    expect(lookups()).toHaveLength(2)
    clock.time += 1
    await kvs.endpoints.getMany([keyOf(1)], enoughTime())
    expect(lookups()).toHaveLength(3)
  })

  test('fail separately, and a failure is not cached', async () => {
    stub.on('/getDataEndpoint', ({ body }, response) =>
      body.StreamARN === keyOf(2).streamArn ? refuse(response, 404, 'ResourceNotFoundException', 'none') : { DataEndpoint: stub.url },
    )
    expect(await kvs.endpoints.getMany([keyOf(1), keyOf(2), keyOf(3)], enoughTime())).toMatchObject([
      stub.url,
      { code: 'NOT_FOUND' },
      stub.url,
    ])
    stub.on('/getDataEndpoint', () => ({ DataEndpoint: stub.url }))
    expect(await kvs.endpoints.getMany([keyOf(2)], enoughTime())).toEqual([stub.url])
  })

  test('on hosts that are not allowed are refused', async () => {
    stub.on('/getDataEndpoint', () => ({ DataEndpoint: 'http://169.254.169.254' }))
    expect(await kvs.endpoints.getMany([keyOf(1)], enoughTime())).toMatchObject([{ code: 'KVS_UNAVAILABLE' }])
  })
})

describe('an endpoint that has moved', () => {
  const query = { streamArn: STREAM_ARN, fragmentSelectorType: 'SERVER_TIMESTAMP' as const, range: { startMs: 0, endMs: 1000 } }
  let other: KvsWireStub

  beforeEach(async () => {
    other = await new KvsWireStub().listen()
    other.on('/listFragments', () => ({ Fragments: [fragmentRow(1, 500)] }))
    let lookups = 0
    stub.on('/getDataEndpoint', () => {
      lookups += 1
      return { DataEndpoint: lookups === 1 ? stub.url : other.url }
    })
  })
  afterEach(() => other.close())

  test.each([
    ['answers as the wrong host does', 403],
    ['knows no such API', 404],
    ['fails', 503],
  ])('is looked up again once when the old one %s', async (_, status) => {
    stub.on('/listFragments', (_request, response) => {
      response.writeHead(status, { 'content-type': 'text/xml' }).end('<html></html>')
      return undefined
    })
    expect(await kvs.fragments.list(query, enoughTime())).toHaveLength(1)
    expect(lookups()).toHaveLength(2)
  })

  test('is looked up again when nothing listens there', async () => {
    const gone = await new KvsWireStub().listen()
    const { url } = gone
    await gone.close()
    let lookups = 0
    stub.on('/getDataEndpoint', () => {
      lookups += 1
      return { DataEndpoint: lookups === 1 ? url : other.url }
    })
    expect(await kvs.fragments.list(query, enoughTime())).toHaveLength(1)
  })

  test('is kept when the service refuses the request', async () => {
    stub.on('/listFragments', (_request, response) => refuse(response, 400, 'InvalidArgumentException', 'StartTimestamp is wrong'))
    await expect(kvs.fragments.list(query, enoughTime())).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
    expect(lookups()).toHaveLength(1)
  })
})
