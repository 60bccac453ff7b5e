import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { buildDist, type CliProcess, startCli } from './support/cli-process.js'
import { readFixture } from './support/fixtures.js'
import { startTestGateway, upload } from './support/gateway-test.js'
import { type KvsTestServer, startKvsTestServer } from './support/kvs-test-server.js'
import { startTlsProxy, TLS_CERTIFICATE, type TlsProxy } from './support/tls-proxy.js'

const START = '2026-06-01T12:00:00Z'
const REQUEST = `mutation { requestClip(input: {
  streamName: "yard", fragmentSelectorType: PRODUCER_TIMESTAMP, startTimestamp: "${START}", endTimestamp: "2026-06-01T12:01:00Z"
}) { clip { downloadUrl } } }`

let kvs: KvsTestServer
let proxy: TlsProxy
beforeAll(async () => {
  await buildDist()
  kvs = await startKvsTestServer()
  proxy = await startTlsProxy(kvs.url)
  await upload(kvs, { streamName: 'yard', file: readFixture('h264-bframes-aac.mkv'), producerStartMs: Date.parse(START) })
})
afterAll(async () => {
  await proxy?.[Symbol.asyncDispose]()
  await kvs?.[Symbol.asyncDispose]()
})

async function startGateway(env: Readonly<Record<string, string>>): Promise<{ serve: CliProcess; url: string }> {
  const credentials = { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'any', AWS_SECRET_ACCESS_KEY: 'any' }
  const serve = await startCli(['serve'], { KVS_BACKEND: 'aws', KVS_ENDPOINT: proxy.url, ...credentials, ...env })
  const [, url = ''] = await serve.until(/GraphQL +(\S+)\/graphql/)
  return { serve, url }
}

async function requestClip(url: string): Promise<unknown> {
  const headers = { 'content-type': 'application/json' }
  return (await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query: REQUEST }) })).json()
}

/** The ETag and the SHA-256 of the clip. */
async function download(url: string): Promise<unknown> {
  const { data } = Object(await requestClip(url))
  const response = await fetch(url + new URL(data.requestClip.clip.downloadUrl).pathname)
  const bytes = Buffer.from(await response.arrayBuffer())
  return [response.status, response.headers.get('etag'), createHash('sha256').update(bytes).digest('hex')]
}

test('a source behind TLS gives the same clip as one without TLS', async () => {
  await using plain = await startTestGateway(kvs)
  const { serve, url } = await startGateway({ NODE_EXTRA_CA_CERTS: TLS_CERTIFICATE })
  await using _ = serve
  expect(await download(url)).toEqual(await download(plain.url))
})

test('a source with an untrusted certificate is refused', async () => {
  const { serve, url } = await startGateway({})
  await using _ = serve
  const { errors } = Object(await requestClip(url))
  expect(errors).toMatchObject([{ extensions: { code: 'KVS_UNAVAILABLE' } }])
})
