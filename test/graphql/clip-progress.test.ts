import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { GatewayError } from '../../src/domain/errors.js'
import { FAKE_CLIP_ID, fakeClip } from '../support/fake-clips.js'
import { buildHarness } from '../support/graphql-harness.js'
import { CLIP_PROGRESS, createSocketClient, RawSocket, watchClip } from '../support/graphql-socket.js'

const REQUEST = { query: CLIP_PROGRESS, variables: { id: FAKE_CLIP_ID } }
let harness: Awaited<ReturnType<typeof buildHarness>>
let url: string

beforeEach(async () => {
  harness = await buildHarness({ corsOrigins: ['https://app.example.net'], maxDepth: 4 })
  url = await harness.app.listen({ host: '127.0.0.1', port: 0 })
})
afterEach(() => harness.app.close())

async function countActive(): Promise<number> {
  return Number(/clipgate_graphql_subscriptions_active (\d+)/.exec(await harness.metrics.print())?.[1])
}

async function untilFreed(): Promise<void> {
  while (harness.clips.liveWatchers > 0 || (await countActive()) > 0) await wait(5)
}

/** The errors of a refused subscription. */
async function refusalOf(payload: object): Promise<unknown> {
  const raw = await RawSocket.connect(url)
  raw.subscribe('a', payload)
  const { payload: errors } = await raw.until('error', 'a')
  raw.socket.close()
  return errors
}

describe('clipProgress', () => {
  test('sends each state of the clip and ends with the last', async () => {
    harness.clips.states = [{ ...fakeClip, state: 'FETCHING', progress: 0.25, sizeBytes: null }, fakeClip]
    const client = createSocketClient(url)
    const seen = await watchClip(client, FAKE_CLIP_ID)
    expect(seen.map(({ clip }) => [clip.id, clip.state, clip.progress])).toEqual([
      [FAKE_CLIP_ID, 'FETCHING', 0.25],
      [FAKE_CLIP_ID, 'READY', 1],
    ])
    await client.dispose()
    await untilFreed()
  })

  test('includes the stream of its clip', async () => {
    harness.clips.states = [fakeClip]
    const client = createSocketClient(url)
    const query = 'subscription { clipProgress(id: "clip-0123456789") { stream { name } } }'
    const results: unknown[] = []
    for await (const result of client.iterate({ query })) results.push(result)
    expect(results).toMatchObject([{ data: { clipProgress: { stream: { name: 'camera-01' } } } }])
    await client.dispose()
  })

  test('of a foreign ID is an error', async () => {
    const client = createSocketClient(url)
    const answer = watchClip(client, 'foreign')
    await expect(answer).rejects.toMatchObject([
      { message: 'There is no clip with this id.', path: ['clipProgress'], extensions: { code: 'NOT_FOUND' } },
    ])
    await client.dispose()
    expect(await countActive()).toBe(0)
  })

  test('that fails has an error without internal details', async () => {
    const raw = await RawSocket.connect(url)
    harness.clips.failures = [new GatewayError('KVS_THROTTLED', 'Kinesis Video is busy.', { retryAfterMs: 1500 })]
    raw.subscribe('a', REQUEST)
    expect((await raw.until('error', 'a')).payload).toEqual([
      { message: 'Kinesis Video is busy.', extensions: { code: 'KVS_THROTTLED', retryAfterMs: 1500 } },
    ])
    harness.clips.failures = [new TypeError("Cannot read properties of undefined (reading 'secret')")]
    raw.subscribe('b', REQUEST)
    const { payload } = await raw.until('error', 'b')
    expect(payload).toEqual([
      { message: 'Something went wrong in the gateway; its log says what.', extensions: { code: 'INTERNAL_SERVER_ERROR' } },
    ])
    expect(harness.logged.join()).toContain("reading 'secret'")
    raw.socket.close()
    await untilFreed()
  })

  test('over HTTP is refused with a message about WebSockets', async () => {
    const { status, errors } = await harness.ask(CLIP_PROGRESS, { id: FAKE_CLIP_ID })
    expect(status).toBe(400)
    expect(errors).toMatchObject([{ message: expect.stringContaining('WebSocket'), extensions: { code: 'BAD_USER_INPUT' } }])
  })
})

describe('a client that leaves releases everything, also without a new result:', () => {
  test.each([
    ['it completes the subscription', (raw: RawSocket) => raw.send({ id: 'a', type: 'complete' })],
    ['it closes the connection', (raw: RawSocket) => raw.socket.close()],
    ['its connection drops', (raw: RawSocket) => raw.socket.terminate()],
  ])('%s', async (_, leave) => {
    const raw = await RawSocket.connect(url)
    raw.subscribe('a', REQUEST)
    await raw.until('next', 'a')
    expect({ watchers: harness.clips.liveWatchers, active: await countActive() }).toEqual({ watchers: 1, active: 1 })
    leave(raw)
    await untilFreed()
    expect(harness.clips.signals.every(({ aborted }) => aborted)).toBe(true)
    raw.socket.terminate()
  })

  test('and does not affect the others', async () => {
    const [first, second] = [await RawSocket.connect(url), await RawSocket.connect(url)]
    for (const raw of [first, second]) {
      raw.subscribe('a', REQUEST)
      await raw.until('next', 'a')
    }
    first.socket.terminate()
    while (harness.clips.liveWatchers > 1) await wait(5)
    expect(await countActive()).toBe(1)
    second.send({ id: 'a', type: 'complete' })
    await untilFreed()
    second.subscribe('a', REQUEST)
    expect(await second.until('next', 'a')).toMatchObject({ payload: { data: { clipProgress: { state: 'FETCHING' } } } })
    second.socket.terminate()
  })

  test('nothing is sent after a subscription is completed', async () => {
    const raw = await RawSocket.connect(url)
    raw.subscribe('a', REQUEST)
    await raw.until('next', 'a')
    raw.send({ id: 'a', type: 'complete' })
    raw.send({ type: 'ping' })
    const heard: unknown[] = []
    raw.socket.on('message', (data) => heard.push(JSON.parse(String(data))))
    await raw.until('pong')
    await untilFreed()
    await wait(20)
    expect(heard).toEqual([{ type: 'pong' }])
    raw.socket.close()
  })
})

describe('the limits of queries apply to subscriptions:', () => {
  const clip = (fields: string) => ({ query: `subscription { clipProgress(id: "x") { ${fields} } }` })

  test.each([
    ['queries', { query: '{ limits { maxRangeHours } }' }, 'BAD_USER_INPUT', 'Send a query over HTTP'],
    ['mutations', { query: 'mutation { renewClipUrl(id: "x") { clip { id } } }' }, 'BAD_USER_INPUT', 'Send a mutation over HTTP'],
    ['what is no document', { query: 'subscription {' }, 'GRAPHQL_PARSE_FAILED', 'Syntax Error'],
    ['too many tokens', clip('id '.repeat(2000)), 'GRAPHQL_PARSE_FAILED', '2000 tokens'],
    ['unknown fields', clip('nothing'), 'GRAPHQL_VALIDATION_FAILED', 'nothing'],
    ['depth', clip('stream { a: fragments(range: $r) { edges { node { sizeBytes } } } }'), 'GRAPHQL_VALIDATION_FAILED', 'fields deep'],
    ['aliases', clip(Array.from({ length: 101 }, (_, n) => `a${n}: id`).join(' ')), 'GRAPHQL_VALIDATION_FAILED', '101 aliases'],
    ['directives', clip(`id ${'@skip(if: false) '.repeat(51)}`), 'GRAPHQL_VALIDATION_FAILED', '51 directives'],
    ['variables that do not fit', { query: CLIP_PROGRESS, variables: { id: {} } }, 'BAD_USER_INPUT', 'got invalid value {}'],
    ['variables that are missing', { query: CLIP_PROGRESS }, 'BAD_USER_INPUT', 'of required type'],
    ['names of no operation', { ...REQUEST, operationName: 'Other' }, 'OPERATION_RESOLUTION_FAILURE', 'no operation with this name'],
  ])('%s', async (_, payload, code, message) => {
    const errors = await refusalOf(payload)
    expect(errors).toEqual(expect.arrayContaining([expect.objectContaining({ extensions: { code } })]))
    expect(JSON.stringify(errors)).toContain(message)
    expect(harness.clips.signals).toEqual([])
    expect(await countActive()).toBe(0)
  })

  test('the cost of a clip, because an evicted clip is fetched again', async () => {
    const cheap = await buildHarness({ maxCost: 99 })
    const raw = await RawSocket.connect(await cheap.app.listen({ host: '127.0.0.1', port: 0 }))
    raw.subscribe('a', REQUEST)
    const refusal = { message: expect.stringMatching(/^The operation costs \d+, at most 99 is/), extensions: { code: 'BAD_USER_INPUT' } }
    expect((await raw.until('error', 'a')).payload).toMatchObject([refusal])
    raw.socket.close()
    await cheap.app.close()
  })

  test('suggestions from the schema, when introspection is off', async () => {
    const closed = await buildHarness({ introspection: false })
    const raw = await RawSocket.connect(await closed.app.listen({ host: '127.0.0.1', port: 0 }))
    raw.subscribe('a', clip('stat'))
    expect(JSON.stringify(await raw.until('error', 'a'))).not.toContain('Did you mean')
    raw.socket.close()
    await closed.app.close()
  })

  test('at most fifty subscriptions on a connection', async () => {
    const raw = await RawSocket.connect(url)
    for (let count = 0; count < 51; count += 1) raw.subscribe(`s${count}`, REQUEST)
    expect((await raw.until('error', 's50')).payload).toMatchObject([{ extensions: { code: 'RATE_LIMITED' } }])
    expect(harness.clips.liveWatchers).toBe(50)
    raw.send({ id: 's0', type: 'complete' })
    while (harness.clips.liveWatchers > 49) await wait(5)
    raw.subscribe('again', REQUEST)
    expect(await raw.until('next', 'again')).toMatchObject({ id: 'again' })
    raw.socket.terminate()
    await untilFreed()
  })
})

describe('a connection', () => {
  test.each(['http://127.0.0.1:4000', 'https://app.example.net'])('is allowed for a page of %s', async (origin) => {
    const raw = new RawSocket(url, { headers: { origin } })
    await once(raw.socket, 'open')
    raw.socket.close()
    await raw.closed
  })

  test.each([
    ['a page of another origin', { headers: { origin: 'https://evil.example' } }, 403],
    ['a page of no origin', { headers: { origin: 'null' } }, 403],
    ['a name that is made to point here', { headers: { host: 'evil.example' } }, 403],
  ])('is refused to %s', async (_, options, status) => {
    const raw = new RawSocket(url, options)
    const [, response] = await once(raw.socket, 'unexpected-response')
    expect(response.statusCode).toBe(status)
    response.destroy()
  })

  test('is refused at other addresses', async () => {
    for (const path of ['/health/live', '/clips/token/a.mp4', '/nothing']) {
      const raw = new RawSocket(url, { path })
      const [, response] = await once(raw.socket, 'unexpected-response')
      expect(response.statusCode).toBe(400)
      response.destroy()
    }
    expect(harness.logged).toEqual([])
  })

  test.each([
    ['speaks no protocol that is known', { protocols: [] }, () => {}, 4406],
    ['subscribes before it is acknowledged', {}, (raw: RawSocket) => raw.subscribe('a', REQUEST), 4401],
    ['says what is no message', {}, (raw: RawSocket) => raw.socket.send('nonsense'), 4400],
    ['says what servers say', {}, (raw: RawSocket) => raw.send({ type: 'connection_ack' }), 4500],
    ['says too much at once', {}, (raw: RawSocket) => raw.socket.send('x'.repeat(70_000)), 1009],
    [
      'asks without end',
      {},
      (raw: RawSocket) => {
        for (let count = 0; count < 300; count += 1) raw.send({ type: 'ping' })
      },
      1008,
    ],
    [
      'pings without end',
      {},
      (raw: RawSocket) => {
        for (let count = 0; count < 300; count += 1) raw.socket.ping()
      },
      1006,
    ],
  ])('is closed that %s', async (_, options, act, code) => {
    const raw = new RawSocket(url, options)
    await once(raw.socket, 'open')
    act(raw)
    expect(await raw.closed).toMatchObject({ code })
  })

  test('without a message is closed after three seconds', async () => {
    const raw = new RawSocket(url)
    expect(await raw.closed).toMatchObject({ code: 4408 })
  })

  test('is closed when the gateway stops', async () => {
    const [polite, silent] = [await RawSocket.connect(url), await RawSocket.connect(url)]
    for (const raw of [polite, silent]) {
      raw.subscribe('a', REQUEST)
      await raw.until('next', 'a')
    }
    silent.socket.pause()
    await harness.app.close()
    expect(await polite.closed).toEqual({ code: 1001, reason: 'The gateway is shutting down.' })
    await untilFreed()
    silent.socket.terminate()
  })
})
