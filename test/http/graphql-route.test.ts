import { once } from 'node:events'
import { request } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { RequestClipDocument } from '../../src/client/generated/graphql.js'
import { FAKE_CLIP_ID } from '../support/fake-clips.js'
import { buildHarness } from '../support/graphql-harness.js'
import { RawSocket } from '../support/graphql-socket.js'

const QUERY = '{ limits { maxRangeHours } }'
const payload = { query: QUERY }
const input = { streamName: 'camera-01', startTimestamp: '2023-11-14T22:15:00Z', endTimestamp: '2023-11-14T22:16:00Z' }
let harness: Awaited<ReturnType<typeof buildHarness>>

beforeEach(async () => {
  harness = await buildHarness({ corsOrigins: ['https://app.example.net'] })
})
afterEach(() => harness.app.close())

async function listen(): Promise<string> {
  return harness.app.listen({ host: '127.0.0.1', port: 0 })
}

describe('/graphql', () => {
  test.each(['HEAD', 'PUT', 'DELETE', 'PATCH'] as const)('refuses %s with the allowed methods', async (method) => {
    const response = await harness.app.inject({ method, url: '/graphql', headers: { 'content-type': 'text/plain' } })
    expect([response.statusCode, response.headers.allow]).toEqual([405, 'GET, OPTIONS, POST'])
    const message = 'Method not allowed. Use GET, OPTIONS, POST.'
    if (method !== 'HEAD') expect(response.json()).toEqual({ errors: [{ message, extensions: { code: 'BAD_USER_INPUT' } }] })
  })

  test.each([
    ['10 MB', { payload: JSON.stringify({ query: 'x'.repeat(10_000_000) }), headers: { 'content-type': 'application/json' } }, 413],
    ['a content type that is no JSON', { payload: '<query/>', headers: { 'content-type': 'application/xml' } }, 415],
    ['a form', { payload: 'query={x}', headers: { 'content-type': 'application/x-www-form-urlencoded' } }, 415],
    ['JSON that is none', { payload: '{"query": ', headers: { 'content-type': 'application/json' } }, 400],
    ['no body', { headers: { 'content-type': 'application/json' } }, 400],
    ['a prototype in the body', { payload: '{"__proto__": {"a": 1}}', headers: { 'content-type': 'application/json' } }, 400],
  ])('refuses %s with a GraphQL error', async (_, options, status) => {
    const response = await harness.app.inject({ method: 'POST', url: '/graphql', ...options })
    expect(response.statusCode).toBe(status)
    expect(response.json()).toEqual({ errors: [{ message: expect.any(String), extensions: { code: 'BAD_USER_INPUT' } }] })
    expect(response.body.length).toBeLessThan(500)
  })

  test.each([
    ['[]'],
    ['"text"'],
    ['null'],
    ['{"query": 5}'],
    ['{"query": "{a}", "variables": []}'],
    ['{}'],
    [`[${JSON.stringify(payload)}]`],
  ])('refuses the body %s', async (body) => {
    const response = await harness.app.inject({
      method: 'POST',
      url: '/graphql',
      payload: body,
      headers: { 'content-type': 'application/json' },
    })
    expect(response.statusCode).toBe(400)
    expect(response.json().errors).toHaveLength(1)
  })

  test.each([
    ['lists', '[', ']'],
    ['objects', '{"a":', '}'],
  ])('accepts variables of nested %s, a hundred thousand deep', async (_, open, close) => {
    const deep = `${open.repeat(100_000)}1${close.repeat(100_000)}`
    const query = 'query ($input: ClipInput!) { validateClip(input: $input) { valid } }'
    const body = `{"query":"${query}","variables":{"input":${deep}}}`
    const headers = { 'content-type': 'application/json' }
    const response = await harness.app.inject({ method: 'POST', url: '/graphql', payload: body, headers })
    expect(response.statusCode).toBe(400)
    expect(response.body.length).toBeLessThan(1000)
    expect((await harness.ask(QUERY)).errors).toEqual([])
  })

  test('stops when the time of a request is over', async () => {
    const hasty = await buildHarness({ requestTimeoutMs: 300 })
    hasty.clips.isStalled = true
    const { status, data, errors } = await hasty.ask(RequestClipDocument, { input })
    await hasty.app.close()
    expect({ status, data }).toEqual({ status: 200, data: { requestClip: null } })
    expect(errors).toMatchObject([{ extensions: { code: 'KVS_UNAVAILABLE' }, message: expect.stringContaining('time') }])
  })

  test('stops its work when the client disconnects', async () => {
    harness.clips.isStalled = true
    const { port } = new URL(await listen())
    const call = request({ port, path: '/graphql', method: 'POST', headers: { 'content-type': 'application/json' } })
    call.on('error', () => undefined)
    call.end(
      JSON.stringify({ query: 'mutation ($input: ClipInput!) { requestClip(input: $input) { clip { id } } }', variables: { input } }),
    )
    while (harness.clips.signals.length === 0) await wait(5)
    call.destroy()
    const [signal] = harness.clips.signals
    if (signal && !signal.aborted) await once(signal, 'abort')
    expect(signal?.reason).toMatchObject({ name: 'ClientLeft' })
  })

  test.each<[string, (signal: AbortSignal) => unknown]>([
    ['the reason of the signal', (signal) => signal.reason],
    ['an AbortError', () => new DOMException('Request aborted', 'AbortError')],
    ['a broken connection', () => Object.assign(new Error('aborted'), { code: 'ECONNRESET' })],
  ])('logs nothing when the client disconnects and fields of a list fail with %s', async (_, toFailure) => {
    const waiting: AbortSignal[] = []
    harness.streams.tags = async (_ref, signal) => {
      waiting.push(signal)
      if (!signal.aborted) await once(signal, 'abort')
      throw toFailure(signal)
    }
    const { port } = new URL(await listen())
    const call = request({ port, path: '/graphql', method: 'POST', headers: { 'content-type': 'application/json' } })
    call.on('error', () => undefined)
    call.end(JSON.stringify({ query: '{ streams { nodes { name tags { key } } } }' }))
    while (waiting.length < 3) await wait(5)
    call.destroy()
    await Promise.all(waiting.map(async (signal) => signal.aborted || (await once(signal, 'abort'))))
    await wait(20)
    expect(harness.logged).toEqual([])
  })

  test('logs nothing when the client of a subscription disconnects', async () => {
    const waiting: AbortSignal[] = []
    harness.streams.tags = async (_ref, signal) => {
      waiting.push(signal)
      if (!signal.aborted) await once(signal, 'abort')
      throw new DOMException('Request aborted', 'AbortError')
    }
    const socket = await RawSocket.connect(await listen())
    socket.subscribe('1', { query: `subscription { clipProgress(id: "${FAKE_CLIP_ID}") { stream { tags { key } } } }` })
    while (waiting.length === 0) await wait(5)
    socket.socket.terminate()
    await Promise.all(waiting.map(async (signal) => signal.aborted || (await once(signal, 'abort'))))
    await wait(20)
    expect(harness.logged).toEqual([])
  })

  test('logs a failed resolver while its client waits', async () => {
    harness.streams.tags = async () => {
      throw new Error('a fault')
    }
    await harness.ask('{ stream(name: "camera-01") { tags { key } } }')
    expect(harness.logged).toEqual([expect.stringContaining('a fault')])
  })
})

describe('pages of other origins', () => {
  const post = (headers: Record<string, string>) => harness.app.inject({ method: 'POST', url: '/graphql', payload, headers })

  test.each(['http://127.0.0.1:4000', 'https://app.example.net'])('at %s may call and read', async (origin) => {
    const response = await post({ origin })
    expect(response.statusCode).toBe(200)
    expect(response.headers).toMatchObject({ 'access-control-allow-origin': origin, vary: 'Origin' })
    const preflight = await harness.app.inject({
      method: 'OPTIONS',
      url: '/graphql',
      headers: { origin, 'access-control-request-method': 'POST' },
    })
    expect(preflight.statusCode).toBe(204)
    expect(preflight.headers).toMatchObject({ 'access-control-allow-origin': origin, 'access-control-allow-methods': 'GET, POST' })
    expect(preflight.headers['access-control-allow-credentials']).toBe('true')
  })

  test('may be the gateway’s own pages under another name of this machine', async () => {
    expect((await post({ origin: 'http://localhost:4000', host: 'localhost:4000' })).statusCode).toBe(200)
    expect((await post({ origin: 'http://localhost:5173', host: 'localhost:4000' })).statusCode).toBe(403)
  })

  test.each([
    'https://evil.example',
    'null',
    'http://127.0.0.1:4001',
    'https://app.example.net.evil.example',
    'https://127.0.0.1:4000',
    '',
  ])('at %p may not', async (origin) => {
    for (const method of ['POST', 'OPTIONS'] as const) {
      const response = await harness.app.inject({ method, url: '/graphql', headers: { origin }, ...(method === 'POST' ? { payload } : {}) })
      expect(response.statusCode).toBe(403)
      expect(response.json()).toEqual({ errors: [{ message: expect.any(String), extensions: { code: 'FORBIDDEN' } }] })
      expect(response.headers['access-control-allow-origin']).toBeUndefined()
    }
  })

  test.each(['evil.example', 'evil.example:4000', '127.0.0.1.evil.example', 'a b', 'user@127.0.0.1', '127.0.0.1/x'])(
    'cannot make a name of their own point here (Host: %s)',
    async (host) => {
      expect((await post({ host })).statusCode).toBe(403)
    },
  )

  test.each(['127.0.0.1:4000', 'localhost', '[::1]:4000'])('are checked independently of the Host header %s', async (host) => {
    expect((await post({ host })).statusCode).toBe(200)
  })
})
