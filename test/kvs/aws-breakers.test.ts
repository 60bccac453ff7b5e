import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { Kvs } from '../../src/kvs/kvs.js'
import { eventually } from '../support/eventually.js'
import { createKvsForTest, enoughTime, HeardRequests } from '../support/kvs-for-test.js'
import { KvsWireStub, refuse } from '../support/kvs-wire-stub.js'

/** As many calls as show that an endpoint fails. */
const ENOUGH = 20
let stub: KvsWireStub
let other: KvsWireStub
let kvs: Kvs
let heard: HeardRequests
let warnings: string[]

beforeEach(async () => {
  stub = await new KvsWireStub().listen()
  other = await new KvsWireStub().listen()
  heard = new HeardRequests()
  warnings = []
  kvs = createKvsForTest(stub, { listener: heard, warn: (message) => warnings.push(message) })
})
afterEach(async () => {
  kvs.close()
  await stub.close()
  await other.close()
})

/** Without retries. */
async function check(times: number): Promise<unknown[]> {
  const errors: unknown[] = []
  for (let index = 0; index < times; index += 1) {
    await kvs.check(enoughTime()).catch((error: unknown) => errors.push(error))
  }
  return errors
}

const PAUSED = {
  code: 'KVS_UNAVAILABLE',
  message: 'Kinesis Video fails at present, so the gateway does not call it. Retry later.',
}

describe('an endpoint that fails', () => {
  test('is not called for a while, then tested with one call, and called again when that succeeds', async () => {
    let works = false
    stub.on('/listStreams', (_, response) => (works ? { StreamInfoList: [] } : refuse(response, 500, 'InternalFailure', 'no')))
    await check(ENOUGH)
    expect(stub.requests).toHaveLength(ENOUGH)
    const [error] = await check(5)
    expect(error).toMatchObject(PAUSED)
    const { retryAfterMs } = Object(Reflect.get(Object(error), 'details'))
    expect(retryAfterMs).toBeGreaterThanOrEqual(100)
    expect(retryAfterMs).toBeLessThanOrEqual(5000)
    expect(stub.requests).toHaveLength(ENOUGH)
    expect(heard.pauses).toEqual([true])
    works = true
    await eventually(() => kvs.check(enoughTime()))
    expect(stub.requests).toHaveLength(ENOUGH + 1)
    expect(await check(3)).toEqual([])
    expect(heard.pauses).toEqual([true, false])
    expect(warnings).toEqual([
      'Calls to the control plane of Kinesis Video pause, because they fail.',
      'Calls to the control plane of Kinesis Video continue.',
    ])
  })

  test('stays paused when the test fails, which is no new pause', async () => {
    stub.on('/listStreams', (_, response) => refuse(response, 503, 'ServiceUnavailable', 'no'))
    await check(ENOUGH)
    await eventually(async () => {
      await check(1)
      expect(stub.requests.length).toBeGreaterThan(ENOUGH)
    })
    expect((await check(1))[0]).toMatchObject(PAUSED)
    expect(stub.requests).toHaveLength(ENOUGH + 1)
    expect(heard.pauses).toEqual([true])
  })

  test('does not keep other endpoints from being called', async () => {
    const listing = { Fragments: [] }
    stub.on('/getDataEndpoint', ({ body }) => ({ DataEndpoint: String(body.StreamARN).includes('bad') ? stub.url : other.url }))
    stub.on('/listFragments', (_, response) => response.destroy() && undefined)
    other.on('/listFragments', () => listing)
    const list = (streamArn: string) =>
      kvs.fragments.list({ streamArn, range: { startMs: 0, endMs: 1 }, fragmentSelectorType: 'SERVER_TIMESTAMP' }, enoughTime())
    const bad = 'arn:aws:kinesisvideo:us-east-1:123456789012:stream/bad/1'
    for (let index = 0; index < ENOUGH; index += 1) await list(bad).catch(() => null)
    await expect(list(bad)).rejects.toMatchObject(PAUSED)
    await expect(list(bad.replace('bad', 'good'))).resolves.toBeDefined()
  })
})

test.each([
  [400, 'ClientLimitExceededException'],
  [403, 'AccessDeniedException'],
  [403, 'InvalidSignatureException'],
])('a service that answers %i %s works, so it is called on', async (status, name) => {
  stub.on('/listStreams', (_, response) => refuse(response, status, name, 'no'))
  await check(2 * ENOUGH)
  expect(stub.requests).toHaveLength(2 * ENOUGH)
  expect(heard.pauses).toEqual([])
})

test('callers that leave do not pause an endpoint', async () => {
  stub.on('/listStreams', () => new Promise(() => undefined))
  await Promise.all(Array.from({ length: 2 * ENOUGH }, () => kvs.check(AbortSignal.timeout(200)).catch(() => null)))
  stub.on('/listStreams', () => ({ StreamInfoList: [] }))
  expect(await check(1)).toEqual([])
})
