import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { closeServer } from '../../src/lib/http-server.js'
import { fakeContent } from '../support/fake-content.js'
import { buildHarness } from '../support/graphql-harness.js'
import { headOf, RawConnection } from '../support/raw-http.js'

const BYTES = Buffer.alloc(3_000_000, 'media ')
/** A grace period that no test waits for. */
const LONG_MS = 3_600_000

let harness: Awaited<ReturnType<typeof buildHarness>>
let url = ''
let next: PromiseWithResolvers<void>

beforeEach(async () => {
  harness = await buildHarness({})
  next = Promise.withResolvers()
  harness.clips.open = async (token) => {
    const form = token.startsWith('passed') ? ({ form: 'PASSTHROUGH' } as const) : { etag: '"e"' }
    const failsAfter = token.endsWith('broken') ? { failsAfter: 1_000_000 } : {}
    const beforeNext = token.includes('waiting') ? { beforeNext: () => next.promise } : {}
    return fakeContent({ bytes: BYTES, ...form, ...failsAfter, ...beforeNext })
  }
  url = await harness.app.listen({ host: '127.0.0.1', port: 0 })
})
afterEach(() => closeServer(harness.app, 0))

const get = (token: string, version = '1.1') => `GET /clips/${token}/a.mp4 HTTP/${version}\r\nHost: 127.0.0.1\r\n\r\n`
const POST = 'POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n'

describe('a download that fails after it has started', () => {
  test('resets the connection when nothing else shows that it is incomplete', async () => {
    const { error, text } = await new RawConnection(url).send(get('passed-broken', '1.0')).end()
    expect(error).toBe('ECONNRESET')
    expect(headOf(text).headers).not.toHaveProperty('content-length')
  })

  test.each([
    ['its chunks', get('passed-broken'), /\r\n0\r\n\r\n$/],
    ['its length', get('broken', '1.0'), /^$/],
  ])('closes the connection when %s show it', async (_, request, whole) => {
    const { error, text } = await new RawConnection(url).send(request).end()
    expect(error).toBeNull()
    expect(text).toMatch(/^HTTP\/1\.1 200 /)
    expect(text).not.toMatch(whole)
    expect(headOf(text).body.length).toBeLessThan(BYTES.byteLength)
  })

  test('resets the connection when the gateway stops', async () => {
    const connection = new RawConnection(url).send(get('passed-waiting', '1.0'))
    await connection.until((text) => text.includes('media'))
    await closeServer(harness.app, 0)
    expect((await connection.end()).error).toBe('ECONNRESET')
  })
})

describe('invalid HTTP after a request', () => {
  test.each([
    ['that is being answered', get('waiting'), (text: string) => text.includes('media')],
    ['that is being answered in chunks', get('passed-waiting'), (text: string) => text.includes('media')],
    ['that has no answer yet', get('waiting'), () => true],
  ])('%s never adds text to its response', async (_, request, isThere) => {
    const connection = new RawConnection(url).send(request)
    await connection.until(isThere).catch(() => undefined)
    connection.send('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
    const { text } = await connection.end()
    next.resolve()
    expect(text.match(/HTTP\/1\.1 /g) ?? []).toHaveLength(text === '' ? 0 : 1)
    expect(text).not.toContain('problem+json')
  })

  test('is refused when it is the body of the request itself', async () => {
    const connection = new RawConnection(url).send(`${POST}Transfer-Encoding: chunked\r\n\r\nnot a chunk\r\n`)
    expect(headOf((await connection.end()).text).status).toBe(400)
  })
})

describe('an Upgrade to something other than a WebSocket', () => {
  const body = JSON.stringify({ query: '{ limits { maxRangeHours } }' })

  test.each([
    ['h2c', 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n'],
    ['TLS', 'Connection: Upgrade\r\nUpgrade: TLS/1.0\r\n'],
    ['several', 'Connection: Upgrade\r\nUpgrade: h2c, TLS/1.2, HTTP/3.0\r\n'],
    ['several, in a header each', 'Connection: Upgrade\r\nUpgrade: h2c\r\nUpgrade: TLS/1.2\r\n'],
    ['a WebSocket, by a method that opens none', 'Connection: Upgrade\r\nUpgrade: websocket\r\n'],
  ])('is ignored (%s)', async (_, headers) => {
    const request = `${POST}${headers}Content-Length: ${body.length}\r\n\r\n${body}`
    const connection = new RawConnection(url).send(request)
    await connection.until((text) => text.includes('maxRangeHours'))
    // The connection stays as good as any.
    connection.send(get('stored').replace('\r\n\r\n', `\r\n${headers.replace('websocket', 'h2c')}Connection: close\r\n\r\n`))
    const [, first = '', second = ''] = (await connection.end()).text.split(/^HTTP\/1\.1 /m)
    expect(first).toMatch(/^200 [\s\S]*\{"data":\{"limits":\{"maxRangeHours":24\}\}[,}]/)
    expect(second).toMatch(/^200 [\s\S]*content-length: 3000000/)
  })

  test('is ignored in HTTP/1.0', async () => {
    const text = 'GET /health/live HTTP/1.0\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
    expect(headOf((await new RawConnection(url).send(text).end()).text).status).toBe(200)
  })

  test('does not prevent a WebSocket that is also offered', async () => {
    const handshake =
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n'
    const connection = new RawConnection(url).send(
      `GET /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: h2c, WebSocket\r\n${handshake}\r\n`,
    )
    await connection.until((text) => text.includes('\r\n\r\n'))
    expect(connection.text).toMatch(/^HTTP\/1\.1 101 /)
    connection.socket.destroy()
  })
})

describe('a gateway that stops', () => {
  test.each([
    ['never sent a byte', ''],
    ['sent a part of a request', 'GET / HT'],
  ])('does not wait for a connection that %s', async (_, sent) => {
    const connection = new RawConnection(url).send(sent)
    // The server knows a connection once a later one has been answered.
    await fetch(`${url}/health/live`)
    await closeServer(harness.app, LONG_MS)
    expect((await connection.end()).text).toBe('')
  })

  test('waits for running responses', async () => {
    const connection = new RawConnection(url).send(get('waiting'))
    await connection.until((text) => text.includes('media'))
    const closed = closeServer(harness.app, LONG_MS)
    next.resolve()
    const { text } = await connection.end()
    expect(headOf(text).body).toHaveLength(BYTES.byteLength)
    await closed
  })

  test('refuses later requests with a problem document that pages can read', async () => {
    const connection = new RawConnection(url).send(get('waiting'))
    await connection.until((text) => text.includes('media'))
    const closed = closeServer(harness.app, LONG_MS)
    connection.send('GET /schema.graphql HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
    connection.send(`${POST}Content-Length: 2\r\n\r\n{}`)
    next.resolve()
    const { text } = await connection.end()
    const [refused = ''] = text.split('HTTP/1.1 ').slice(2)
    const { status, headers, body } = headOf(`HTTP/1.1 ${refused}`)
    expect({ status, type: headers['content-type'], retry: headers['retry-after'] }).toEqual({
      status: 503,
      type: 'application/problem+json',
      retry: '1',
    })
    expect(JSON.parse(body)).toMatchObject({ title: 'Service Unavailable', status: 503 })
    expect(headers['access-control-allow-origin']).toBe('*')
    await closed
  })
})
