import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { fakeContent } from '../support/fake-content.js'
import { buildHarness } from '../support/graphql-harness.js'
import { headOf, RawConnection } from '../support/raw-http.js'

// A browser merges the headers of a 304, and of an answer to HEAD, into the answer that it has stored (RFC 9111, 4.3.4 and 4.3.5).
// One that the 200 lacks would stay with it: a Content-Security-Policy keeps the browser from showing the clip ever again.

const BYTES = Buffer.alloc(200_000, 7)
let harness: Awaited<ReturnType<typeof buildHarness>>
let url = ''

beforeEach(async () => {
  harness = await buildHarness({ corsOrigins: ['https://app.example.net'] })
  harness.clips.open = async (token) =>
    // Long expired, so that the age that is allowed is the same at each request.
    fakeContent({ bytes: BYTES, urlExpiresAtMs: 0, ...(token === 'passed' ? { form: 'PASSTHROUGH' } : { etag: '"e"' }) })
})
afterEach(() => harness.app.close())

async function ask(method: string, path: string, headers: Record<string, string> = {}) {
  const lines = Object.entries({ host: '127.0.0.1', connection: 'close', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`)
  return headOf((await new RawConnection(url).send(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`).end()).text)
}

const HELMET = {
  'content-security-policy': "default-src 'self'",
  'x-frame-options': 'SAMEORIGIN',
  'strict-transport-security': 'max-age=1',
}

describe.each(['as it is', 'with the headers that a hook adds before a route', 'with the headers that a hook adds to what is sent'])(
  'the app %s',
  (kind) => {
    beforeEach(async () => {
      if (kind.includes('before')) harness.app.addHook('onRequest', async (_request, reply) => void reply.headers(HELMET))
      if (kind.includes('sent')) harness.app.addHook('onSend', async (_request, reply) => void reply.headers(HELMET))
      url = await harness.app.listen({ host: '127.0.0.1', port: 0 })
    })

    test.each(['/clips/t/a.mp4', '/clips/t/a.mp4?download=1', '/clips/passed/a.mp4'])(
      'answers HEAD of %s with the headers of GET',
      async (path) => {
        const [head, get] = [await ask('HEAD', path), await ask('GET', path)]
        const { 'transfer-encoding': _, ...expected } = get.headers
        const { 'transfer-encoding': __, ...seen } = head.headers
        expect([head.status, head.body]).toEqual([200, ''])
        expect(seen).toEqual(expected)
      },
    )

    test.each<Record<string, string>>([{ 'if-none-match': '"e"' }, { 'if-modified-since': 'Wed, 15 Nov 2023 00:00:00 GMT' }])(
      'adds nothing to a 304 that the 200 lacks (%j)',
      async (condition) => {
        const origins: Record<string, string>[] = [{}, { origin: 'https://elsewhere.example' }, { origin: 'https://app.example.net' }]
        for (const origin of origins) {
          const whole = await ask('GET', '/clips/t/a.mp4', origin)
          for (const method of ['GET', 'HEAD']) {
            const unchanged = await ask(method, '/clips/t/a.mp4', { ...condition, ...origin })
            expect([unchanged.status, unchanged.body]).toEqual([304, ''])
            expect(whole.headers).toMatchObject(unchanged.headers)
            const lasting = ['etag', 'cache-control', 'vary'].map((name) => unchanged.headers[name])
            expect(lasting).toEqual([whole.headers.etag, whole.headers['cache-control'], 'Origin'])
          }
        }
      },
    )

    test.each(['/', '/schema.graphql', '/metrics', '/health/live', '/health/ready', '/nothing', '/clips/t', '/clips/%zz/a.mp4'])(
      'answers HEAD of %s with the status and headers of GET',
      async (path) => {
        const [head, get] = [await ask('HEAD', path), await ask('GET', path)]
        expect({ ...head, body: '' }).toEqual({ ...get, body: '' })
        expect(head.body).toBe('')
      },
    )
  },
)

test('no response for a clip has a policy that prevents a browser from showing it', async () => {
  url = await harness.app.listen({ host: '127.0.0.1', port: 0 })
  for (const [method, headers] of [
    ['GET', {}],
    ['GET', { range: 'bytes=0-9' }],
    ['HEAD', {}],
    ['GET', { 'if-none-match': '"e"' }],
  ] as const) {
    const names = Object.keys((await ask(method, '/clips/t/a.mp4', headers)).headers)
    expect(names).not.toEqual(expect.arrayContaining(['content-security-policy']))
    expect(names).not.toEqual(expect.arrayContaining(['x-frame-options']))
  }
})
