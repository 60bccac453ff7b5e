import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createClient } from 'graphql-ws'
import { WebSocket } from 'ws'
import { readFixture } from '../support/fixtures.js'
import { startTestGateway, type TestGateway, upload } from '../support/gateway-test.js'
import { CLIP_PROGRESS } from '../support/graphql-socket.js'
import { type KvsTestServer, startKvsTestServer } from '../support/kvs-test-server.js'
import { freePort, type Nginx, startConfiguredNginx } from '../support/nginx.js'
import { TLS_CERTIFICATE } from '../support/tls-proxy.js'

const startMs = Math.floor(Date.now() / 1000) * 1000 - 600_000
let kvs: KvsTestServer
let gateway: TestGateway
let nginx: Nginx
let folder: string
let publicUrl: string
let ca: Buffer
let session: ClientHttp2Session

beforeAll(async () => {
  kvs = await startKvsTestServer()
  await upload(kvs, { streamName: 'yard', file: readFixture('h264-aac.mkv'), producerStartMs: startMs })
  folder = await mkdtemp(join(tmpdir(), 'clipgate-nginx-'))
  ca = await readFile(TLS_CERTIFICATE)
  const port = await freePort()
  publicUrl = `https://127.0.0.1:${port}`
  gateway = await startTestGateway(kvs, { PUBLIC_URL: publicUrl, TRUST_PROXY: 'loopback', KVS_QUOTAS: 'off' })
  nginx = await startConfiguredNginx(folder, { port, http: await readConfiguration(port) })
  session = connect(publicUrl, { ca })
})
afterAll(async () => {
  session?.close()
  await nginx?.[Symbol.asyncDispose]()
  await gateway?.[Symbol.asyncDispose]()
  await kvs?.[Symbol.asyncDispose]()
  if (folder) await rm(folder, { recursive: true, force: true })
})

/** The configuration as it is shipped, with the ports and paths of this test. */
async function readConfiguration(port: number): Promise<string> {
  const changes: readonly (readonly [string, string])[] = [
    ['listen 443 ', `listen 127.0.0.1:${port} `],
    ['server 127.0.0.1:4000;', `server 127.0.0.1:${new URL(gateway.url).port};`],
    ['clips.example.net;', '127.0.0.1;'],
    ['/etc/ssl/clips.example.net/fullchain.pem', join(process.cwd(), TLS_CERTIFICATE)],
    ['/etc/ssl/clips.example.net/privkey.pem', join(process.cwd(), TLS_CERTIFICATE.replace('cert', 'key'))],
    ['/var/log/nginx/clipgate.log', join(folder, 'access.log')],
  ]
  return changes.reduce(
    (text, [shipped, here]) => {
      if (!text.includes(shipped)) throw new Error(`ops/nginx/clipgate.conf has no ${shipped}`)
      return text.replace(shipped, here)
    },
    await readFile('ops/nginx/clipgate.conf', 'utf8'),
  )
}

interface Answer {
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

async function ask(path: string, headers: Record<string, string> = {}, payload?: string): Promise<Answer> {
  const stream = session.request({ ':path': path, ':method': payload === undefined ? 'GET' : 'POST', ...headers })
  const answered = new Promise<IncomingHttpHeaders>((resolve, reject) => stream.once('response', resolve).once('error', reject))
  stream.end(payload)
  const [answer, body] = await Promise.all([answered, buffer(stream)])
  return { headers: answer, body }
}

async function requestClip(): Promise<{ readonly id: string; readonly path: string; readonly url: string }> {
  const [start, end] = [startMs - 1000, startMs + 60_000].map((ms) => new Date(ms).toISOString())
  const input = `streamName: "yard", fragmentSelectorType: PRODUCER_TIMESTAMP, startTimestamp: "${start}", endTimestamp: "${end}"`
  const query = `mutation { requestClip(input: { ${input} }) { clip { id downloadUrl } } }`
  const { body } = await ask('/graphql', { 'content-type': 'application/json' }, JSON.stringify({ query }))
  const { id, downloadUrl } = JSON.parse(body.toString()).data.requestClip.clip
  return { id, url: downloadUrl, path: new URL(downloadUrl).pathname }
}

describe('behind nginx with TLS and HTTP/2', () => {
  test('clip URLs are those of the proxy, and clips and their ranges come through unchanged', async () => {
    const { url, path } = await requestClip()
    expect(url.startsWith(`${publicUrl}/clips/`)).toBe(true)
    const whole = await ask(path)
    expect(whole.headers[':status']).toBe(200)
    expect(whole.headers['strict-transport-security']).toBe('max-age=31536000')
    const direct = await fetch(gateway.url + path)
    expect(whole.body.equals(Buffer.from(await direct.arrayBuffer()))).toBe(true)
    expect(whole.headers.etag).toBe(direct.headers.get('etag'))
    const part = await ask(path, { range: 'bytes=100-199' })
    expect([part.headers[':status'], part.headers['content-range']]).toEqual([206, `bytes 100-199/${whole.body.byteLength}`])
    expect(part.body.equals(whole.body.subarray(100, 200))).toBe(true)
    expect((await ask(path, { 'if-none-match': String(whole.headers.etag) })).headers[':status']).toBe(304)
  })

  test('a hundred operations share one connection', async () => {
    const query = JSON.stringify({ query: '{ streams { nodes { name } } }' })
    const answers = await Promise.all(Array.from({ length: 100 }, () => ask('/graphql', { 'content-type': 'application/json' }, query)))
    const texts = new Set(answers.map(({ body }) => JSON.stringify(JSON.parse(body.toString()).data)))
    expect([...texts]).toEqual(['{"streams":{"nodes":[{"name":"yard"}]}}'])
  })

  test('the ID of a request is the same at the proxy and at the gateway, and no log has a clip URL', async () => {
    const { path } = await requestClip()
    const { headers } = await ask(path)
    const id = String(headers['x-request-id'])
    expect(id).toMatch(/^[0-9a-f]{32}$/)
    const log = await readFile(join(folder, 'access.log'), 'utf8')
    expect(log.split('\n').find((line) => line.endsWith(id))).toContain('"GET /clips" 200')
    expect(log).not.toContain(path.split('/')[2])
  })

  test('subscriptions work over a WebSocket', async () => {
    const { id } = await requestClip()
    const webSocketImpl = class extends WebSocket {
      constructor(address: string, protocols: string[]) {
        super(address, protocols, { ca, origin: publicUrl })
      }
    }
    const client = createClient({ url: `${publicUrl.replace('https', 'wss')}/graphql`, webSocketImpl, retryAttempts: 0 })
    const states: unknown[] = []
    for await (const { data } of client.iterate<{ clipProgress: { state: string } }>({ query: CLIP_PROGRESS, variables: { id } }))
      states.push(data?.clipProgress.state)
    await client.dispose()
    expect(states.at(-1)).toBe('READY')
  })

  test.each(['/metrics', '/health/ready', '/health/live'])('%s is not for the internet', async (path) => {
    expect((await ask(path)).headers[':status']).toBe(404)
  })

  test('a body that is too long gets the answer of the gateway', async () => {
    const body = JSON.stringify({ query: 'x'.repeat(1_060_000) })
    const answer = await ask('/graphql', { 'content-type': 'application/json' }, body)
    expect(answer.headers[':status']).toBe(413)
    expect(JSON.parse(answer.body.toString())).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] })
  })
})
