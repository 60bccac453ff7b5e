import { STATUS_CODES } from 'node:http'
import { connect } from 'node:net'
import { text as readText } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { GatewayError } from '../../src/domain/errors.js'
import { buildHarness } from '../support/graphql-harness.js'

let kvs: () => Promise<void>
let harness: Awaited<ReturnType<typeof buildHarness>>

beforeEach(async () => {
  kvs = async () => undefined
  const dependencies = [
    { name: 'kinesisVideo', check: () => kvs() },
    { name: 'clipStore', check: async () => undefined },
  ]
  harness = await buildHarness({ dependencies })
})
afterEach(() => harness.app.close())

describe('health', () => {
  test('is live while the process responds', async () => {
    kvs = () => Promise.reject(new Error('gone'))
    const response = await harness.app.inject('/health/live')
    expect({ status: response.statusCode, body: response.json() }).toEqual({ status: 200, body: { status: 'ok' } })
  })

  test('is ready when all dependencies are available, and lists them', async () => {
    const response = await harness.app.inject('/health/ready')
    expect(response.statusCode).toBe(200)
    expect(response.json()).toEqual({ status: 'ok', dependencies: { kinesisVideo: { status: 'ok' }, clipStore: { status: 'ok' } } })
  })

  test.each([
    [new GatewayError('KVS_UNAVAILABLE', 'Kinesis Video cannot be reached.'), 'Kinesis Video cannot be reached.'],
    [new Error('connect ECONNREFUSED 10.0.0.1:4010'), 'The check failed.'],
  ])('is not ready when one is unavailable, and shows no internal details (%s)', async (error, reason) => {
    kvs = () => Promise.reject(error)
    const response = await harness.app.inject('/health/ready')
    expect(response.statusCode).toBe(503)
    expect(response.json()).toEqual({
      status: 'failing',
      dependencies: { kinesisVideo: { status: 'failing', reason }, clipStore: { status: 'ok' } },
    })
  })

  test('checks once for many probes', async () => {
    let checks = 0
    kvs = async () => {
      checks += 1
    }
    await Promise.all(Array.from({ length: 20 }, () => harness.app.inject('/health/ready')))
    expect(checks).toBe(1)
  })
})

describe('metrics', () => {
  test('have the names that dashboards are built on', async () => {
    await harness.ask('{ limits { maxRangeHours } }')
    await harness.ask('{ nothing }')
    harness.metrics.onRequest({ operation: 'GetClip', outcome: 'ok', seconds: 0.2 })
    harness.metrics.onBytes('GetClip', 1000)
    harness.metrics.onClipRequest('fetched')
    harness.metrics.downloads.began()
    harness.metrics.downloads.began()
    harness.metrics.downloads.ended('complete', 512)
    const { body, headers } = await harness.app.inject('/metrics')
    expect(headers['content-type']).toContain('text/plain')
    for (const line of [
      'clipgate_kvs_requests_total{operation="GetClip",outcome="ok"} 1',
      'clipgate_kvs_request_seconds_count{operation="GetClip"} 1',
      'clipgate_kvs_bytes_total{operation="GetClip"} 1000',
      'clipgate_clip_requests_total{outcome="fetched"} 1',
      'clipgate_clip_downloads_total{outcome="complete"} 1',
      'clipgate_clip_download_bytes_total{outcome="complete"} 512',
      'clipgate_clip_store_bytes 42',
      'clipgate_clip_downloads_active 1',
      'clipgate_graphql_request_seconds_count{operation_type="query",outcome="ok"} 1',
      'clipgate_graphql_request_seconds_count{operation_type="unknown",outcome="error"} 1',
    ]) {
      expect(body).toContain(line)
    }
  })
})

describe('a page for people', () => {
  test('is a page without scripts that links to the endpoints', async () => {
    const { statusCode, headers, body } = await harness.app.inject('/')
    expect(statusCode).toBe(200)
    expect(headers['content-type']).toBe('text/html; charset=utf-8')
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='/)
    expect(body).toContain('http://127.0.0.1:4000/graphql')
    expect(body).not.toContain('<script')
  })

  test('is the schema', async () => {
    const { body, headers } = await harness.app.inject('/schema.graphql')
    expect(headers['content-type']).toBe('text/plain; charset=utf-8')
    expect(body).toContain('type Query')
  })

  test('does not show the schema when introspection is off', async () => {
    const { app } = await buildHarness({ introspection: false })
    const { statusCode, body } = await app.inject('/schema.graphql')
    expect([statusCode, JSON.parse(body).detail]).toEqual([404, 'The schema is not shown because INTROSPECTION is off.'])
    expect((await app.inject('/')).body).not.toContain('schema.graphql')
    await app.close()
  })
})

const problem = (status: number, title: string) => ({ type: 'about:blank', title, status, detail: expect.any(String) })

/** All that comes back until the connection is closed. */
function sendRaw(port: number, request: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.write(request)
  return readText(socket)
}

describe('every answer', () => {
  test.each(['/', '/nothing', '/metrics', '/graphql'])('of %s has security headers', async (url) => {
    const { headers } = await harness.app.inject(url)
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'x-frame-options': 'DENY',
      'content-security-policy': expect.stringContaining("default-src 'none'"),
    })
  })

  test.each([
    ['/nothing', 404],
    ['/clips', 404],
    [`/${'a'.repeat(9000)}`, 404],
  ])('for an unknown address is a problem document (%.20s)', async (url, status) => {
    const response = await harness.app.inject(url)
    expect(response.statusCode).toBe(status)
    expect(response.headers['content-type']).toBe('application/problem+json')
    expect(response.json()).toEqual({ ...problem(404, 'Not Found'), code: 'NOT_FOUND' })
  })

  test.each(['/', '/schema.graphql', '/metrics', '/health/live', '/health/ready'])(
    'to another method than %s takes says which it takes',
    async (url) => {
      for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'] as const) {
        const response = await harness.app.inject({ method, url, payload: '<a/>', headers: { 'content-type': 'application/xml' } })
        expect([response.statusCode, response.headers.allow]).toEqual([405, 'GET, HEAD'])
        expect(response.headers['content-type']).toBe('application/problem+json')
        const detail = 'Method not allowed. Use GET, HEAD.'
        expect(response.json()).toEqual({ ...problem(405, 'Method Not Allowed'), detail, code: 'BAD_USER_INPUT' })
      }
    },
  )

  test.each<[string, string, number]>([
    ['with a head that is too long', `GET /graphql?query=${'a'.repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 431],
    ['that is none', 'HELLO\r\n\r\n', 400],
  ])('to a request %s is a problem document that is also a GraphQL response', async (_, text, status) => {
    const { port } = new URL(await harness.app.listen({ host: '127.0.0.1', port: 0 }))
    const [head = '', body = ''] = (await sendRaw(Number(port), text)).split('\r\n\r\n')
    expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(head).toContain('content-type: application/problem+json')
    const { detail, ...rest } = JSON.parse(body)
    const code = 'BAD_USER_INPUT'
    const title = STATUS_CODES[status]
    expect(rest).toEqual({ type: 'about:blank', title, status, code, errors: [{ message: detail, extensions: { code } }] })
    expect(head).toContain('\r\naccess-control-allow-origin: *\r\n')
  })

  test('to an address that is too long does not repeat it', async () => {
    const response = await harness.app.inject(`/clips/${'a'.repeat(5000)}/a.mp4`)
    expect(response.statusCode).toBe(414)
    const detail = 'This address is longer than any that this gateway gives out.'
    expect(response.json()).toEqual({ ...problem(414, 'URI Too Long'), detail, code: 'BAD_USER_INPUT' })
    expect(response.headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'access-control-allow-origin': '*' })
  })

  test('to a malformed address is a problem document', async () => {
    const response = await harness.app.inject('/clips/%zz/a.mp4')
    expect(response.statusCode).toBe(400)
    expect(response.json()).toMatchObject({ status: 400, code: 'BAD_USER_INPUT' })
  })
})

test('no token of a clip is ever logged', async () => {
  const verbose = await buildHarness({})
  await verbose.app.inject('/clips/very-secret-token/a.mp4')
  expect(verbose.logged.join()).not.toContain('very-secret-token')
  await verbose.app.close()
})
