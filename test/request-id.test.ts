import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { findRequestId } from '../src/lib/running-request.js'
import { FAKE_CLIP_ID, fakeClip } from './support/fake-clips.js'
import { startTestGateway, type TestGateway } from './support/gateway-test.js'
import { buildHarness } from './support/graphql-harness.js'
import { createSocketClient, watchClip } from './support/graphql-socket.js'
import { streamInfo } from './support/kvs-wire-rows.js'
import { KvsWireStub } from './support/kvs-wire-stub.js'
import { headOf, RawConnection } from './support/raw-http.js'

const ID = '8d1f0c6a-0001-4c63-8a31-1a2b3c4d5e6f'
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
let stub: KvsWireStub
let gateway: TestGateway

beforeAll(async () => {
  stub = await new KvsWireStub().listen()
  stub.on('/listStreams', () => ({ StreamInfoList: [] }))
  stub.on('/describeStream', ({ body }) => ({ StreamInfo: streamInfo(String(body.StreamName)) }))
  gateway = await startTestGateway(stub)
})
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]()
  await stub?.close()
})
beforeEach(() => {
  stub.requests.length = 0
})

function askFor(name: string, id: string): Promise<Response> {
  const body = JSON.stringify({ query: `{ stream(name: "${name}") { name } }` })
  return fetch(`${gateway.url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json', 'x-request-id': id }, body })
}

describe('the ID of a request', () => {
  test('is that of the client, on the response and on the calls to Kinesis Video', async () => {
    const response = await askFor('yard', ID)
    expect(await response.json()).toMatchObject({ data: { stream: { name: 'yard' } } })
    expect(response.headers.get('x-request-id')).toBe(ID)
    expect(stub.to('/describeStream').map(({ headers }) => headers['x-request-id'])).toEqual([ID])
    // What CloudTrail shows.
    expect(stub.to('/describeStream')[0]?.headers['user-agent']).toMatch(new RegExp(`^aws-sdk-js/.* clipgate-request/${ID}$`))
  })

  test('stays apart from that of other requests at the same time', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `camera-${index}`)
    await Promise.all(names.map((name, index) => askFor(name, `request-${index}`)))
    const sent = stub.to('/describeStream').map(({ headers, body }) => [body.StreamName, headers['x-request-id']])
    expect(sent.toSorted()).toEqual(names.map((name, index) => [name, `request-${index}`]).toSorted())
  })

  test.each(['', 'short', 'a'.repeat(65), 'with space inside', 'line%0Abreak', '{"json":1}'])('is a new one for %j', async (given) => {
    const { headers } = await askFor(`x${given.length}`, given)
    expect(headers.get('x-request-id')).toMatch(UUID)
  })

  test.each([
    ['an unknown path', '/nothing', 404],
    ['an invalid clip URL', '/clips/x/y.mp4', 403],
    ['an address that cannot be decoded', '/%zz', 400],
    ['health', '/health/live', 200],
  ])('is on the response to %s', async (_, path, status) => {
    const request = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Request-Id: ${ID}\r\nConnection: close\r\n\r\n`
    const { text } = await new RawConnection(gateway.url).send(request).end()
    expect(headOf(text).status).toBe(status)
    expect(text).toContain(`\r\nx-request-id: ${ID}\r\n`)
  })

  test('of the handshake goes with the work of a subscription', async () => {
    const harness = await buildHarness()
    harness.clips.states = [fakeClip]
    const seen: (string | null)[] = []
    const { watch } = harness.clips
    harness.clips.watch = (id, signal) => {
      seen.push(findRequestId())
      return watch.call(harness.clips, id, signal)
    }
    const url = await harness.app.listen({ host: '127.0.0.1', port: 0 })
    const client = createSocketClient(url, { 'x-request-id': ID })
    await watchClip(client, FAKE_CLIP_ID)
    await client.dispose()
    await harness.app.close()
    expect(seen).toEqual([ID])
  })
})
