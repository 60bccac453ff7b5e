import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { print } from 'graphql'
import { RequestClipDocument, type RequestClipMutation } from '../src/client/generated/graphql.js'
import { readFixture } from './support/fixtures.js'
import { startTestGateway, type TestGateway, upload } from './support/gateway-test.js'
import { createSocketClient, RawSocket, watchClip } from './support/graphql-socket.js'
import { type KvsTestServer, startKvsTestServer } from './support/kvs-test-server.js'

const startMs = Math.floor(Date.now() / 1000) * 1000 - 600_000
let kvs: KvsTestServer
let gateway: TestGateway

beforeAll(async () => {
  kvs = await startKvsTestServer({ faults: true })
  gateway = await startTestGateway(kvs)
})
afterEach(() => fetch(`${kvs.url}/_faults`, { method: 'DELETE' }))
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]()
  await kvs?.[Symbol.asyncDispose]()
})

async function spoilGetClip(fault: object): Promise<void> {
  await kvs.post('/_faults', { operation: 'GetClip', times: 1, fault })
}

let asked = 0
/** Requests a clip of footage that no earlier test has requested. Returns its ID and its state in the response. */
async function requestClip(): Promise<{ readonly id: string; readonly state: string }> {
  asked += 1
  const streamName = `camera-${asked}`
  await upload(kvs, { streamName, file: readFixture('h264-aac.mkv'), producerStartMs: startMs })
  const input = {
    streamName,
    fragmentSelectorType: 'PRODUCER_TIMESTAMP',
    startTimestamp: new Date(startMs - 1000).toISOString(),
    endTimestamp: new Date(startMs + 60_000).toISOString(),
  }
  const { data, errors } = await gateway.ask(print(RequestClipDocument), { input })
  expect(errors).toBeUndefined()
  const { requestClip: answer }: RequestClipMutation = JSON.parse(JSON.stringify(data))
  if (!answer?.clip) throw new Error(JSON.stringify(answer?.issues))
  return answer.clip
}

async function countActive(): Promise<number> {
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text()
  return Number(/clipgate_graphql_subscriptions_active (\d+)/.exec(metrics)?.[1])
}

describe('a clip that arrives slowly', () => {
  test('reports growing progress to every watcher, at most four times a second, until it is READY', async () => {
    await spoilGetClip({ kind: 'slow', bytesPerSecond: 20_000 })
    const { id, state } = await requestClip()
    expect(state).toBe('FETCHING')
    const [client, other] = [createSocketClient(gateway.url), createSocketClient(gateway.url)]
    const [seen, seenByOther] = await Promise.all([watchClip(client, id), wait(300).then(() => watchClip(other, id))])
    for (const values of [seen, seenByOther]) {
      const progress = values.map(({ clip }) => clip.progress)
      expect(progress.length).toBeGreaterThan(3)
      expect(progress).toEqual(progress.toSorted((a, b) => a - b))
      const last = values.at(-1)?.clip
      expect(last).toMatchObject({ id, state: 'READY', progress: 1, form: 'REBUILT', failure: null, etag: expect.stringMatching(/^"/) })
      expect(last?.sizeBytes).toBeGreaterThan(50_000)
      expect(values.slice(0, -1).every(({ clip }) => clip.state === 'FETCHING' && clip.progress < 1 && clip.sizeBytes === null)).toBe(true)
      const tookMs = (values.at(-1)?.atMs ?? 0) - (values[0]?.atMs ?? 0)
      // A second clip, because the first may be delayed.
      expect(values.length - 1).toBeLessThanOrEqual(Math.ceil(tookMs / 250) + 1)
    }
    await Promise.all([client.dispose(), other.dispose()])
    expect(await countActive()).toBe(0)
  })

  test('continues when the connection of a watcher drops, and the next watcher sees it complete', async () => {
    await spoilGetClip({ kind: 'slow', bytesPerSecond: 20_000 })
    const { id } = await requestClip()
    const raw = await RawSocket.connect(gateway.url)
    raw.subscribe('a', { query: 'subscription ($id: ID!) { clipProgress(id: $id) { state } }', variables: { id } })
    await raw.until('next', 'a')
    expect(await countActive()).toBe(1)
    raw.socket.terminate()
    while ((await countActive()) > 0) await wait(10)
    const client = createSocketClient(gateway.url)
    expect((await watchClip(client, id)).at(-1)?.clip.state).toBe('READY')
    await client.dispose()
  })

  test('can be unsubscribed from while it stalls', async () => {
    await spoilGetClip({ kind: 'stall', afterBytes: 30_000 })
    const { id } = await requestClip()
    const raw = await RawSocket.connect(gateway.url)
    raw.subscribe('a', { query: 'subscription ($id: ID!) { clipProgress(id: $id) { progress } }', variables: { id } })
    await raw.until('next', 'a')
    raw.send({ id: 'a', type: 'complete' })
    while ((await countActive()) > 0) await wait(10)
    raw.socket.close()
    expect(await raw.closed).toMatchObject({ code: 1005 })
  })
})

test('a failed clip reports its failure last, also to later watchers', async () => {
  await spoilGetClip({ kind: 'slow', bytesPerSecond: 20_000 })
  await spoilGetClip({ kind: 'cut', afterBytes: 40_000 })
  const { id } = await requestClip()
  const client = createSocketClient(gateway.url)
  const seen = await watchClip(client, id)
  expect(seen.slice(0, -1).every(({ clip }) => clip.state === 'FETCHING')).toBe(true)
  const failed = { id, state: 'FAILED', sizeBytes: null, failure: { code: 'KVS_UNAVAILABLE', retryable: true } }
  expect(seen.at(-1)?.clip).toMatchObject(failed)
  expect((await watchClip(client, id)).map(({ clip }) => clip)).toEqual([expect.objectContaining(failed)])
  await client.dispose()
})

test('a stored clip is READY at once, with its timeline', async () => {
  const { id } = await requestClip()
  const client = createSocketClient(gateway.url)
  await watchClip(client, id)
  const again = await watchClip(client, id)
  expect(again.map(({ clip }) => clip)).toMatchObject([{ state: 'READY', progress: 1, timeline: [{ mediaStartMs: 0 }] }])
  await client.dispose()
})

test('another gateway with the same secrets watches the same clip under the same ID', async () => {
  const { id } = await requestClip()
  await using second = await startTestGateway(kvs)
  const client = createSocketClient(second.url)
  expect((await watchClip(client, id)).at(-1)?.clip).toMatchObject({ id, state: 'READY' })
  await client.dispose()
})

test('a watcher is notified when the gateway stops while the clip is still arriving', async () => {
  await spoilGetClip({ kind: 'stall', afterBytes: 30_000 })
  const { id } = await requestClip()
  const raw = await RawSocket.connect(gateway.url)
  raw.subscribe('a', { query: 'subscription ($id: ID!) { clipProgress(id: $id) { state } }', variables: { id } })
  await raw.until('next', 'a')
  await gateway.gateway.close()
  expect(await raw.closed).toEqual({ code: 1001, reason: 'The gateway is shutting down.' })
})
