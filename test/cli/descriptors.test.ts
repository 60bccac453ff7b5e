import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, get, type IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect } from '@jest/globals'
import { buildDist, type CliProcess, startCli } from '../support/cli-process.js'
import { eventually } from '../support/eventually.js'
import { readFixture } from '../support/fixtures.js'
import { upload } from '../support/gateway-test.js'
import { type KvsTestServer, startKvsTestServer } from '../support/kvs-test-server.js'
import { testOnPosix } from '../support/platforms.js'

const START = '2026-06-01T12:00:00Z'
const REQUEST = `mutation { requestClip(input: {
  streamName: "yard", fragmentSelectorType: PRODUCER_TIMESTAMP, startTimestamp: "${START}", endTimestamp: "2026-06-01T12:01:00Z"
}) { clip { downloadUrl } } }`
const MAX_DESCRIPTORS = 150

// Footage is elsewhere, as with AWS: an embedded server would be in the same need.
let kvs: KvsTestServer
let env: Readonly<Record<string, string>>
let clipPath = ''

beforeAll(async () => {
  await buildDist()
  kvs = await startKvsTestServer({})
  await upload(kvs, { streamName: 'yard', file: readFixture('h264-aac.mkv'), producerStartMs: Date.parse(START) })
  const credentials = { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'any', AWS_SECRET_ACCESS_KEY: 'any' }
  env = { DATA_DIR: await mkdtemp(join(tmpdir(), 'clipgate-descriptors-')), KVS_BACKEND: 'aws', KVS_ENDPOINT: kvs.url, ...credentials }
  await using serve = await startCli(['serve'], env)
  const url = await urlOf(serve)
  const body = JSON.stringify({ query: REQUEST })
  const answer = await fetch(`${url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  const { data } = JSON.parse(await answer.text())
  clipPath = new URL(data.requestClip.clip.downloadUrl).pathname
  expect((await fetch(url + clipPath)).status).toBe(200)
  await serve.stop()
}, 120_000)
afterAll(async () => {
  await kvs?.[Symbol.asyncDispose]()
  await rm(env.DATA_DIR ?? '', { recursive: true, force: true })
})

async function urlOf(serve: CliProcess): Promise<string> {
  const [, url = ''] = await serve.until(/GraphQL +(\S+)\/graphql[\s\S]*Press Ctrl-C to stop/)
  return url
}

testOnPosix('a gateway without a free descriptor answers 503, and recovers (skipped on Windows: no ulimit)', async () => {
  await using serve = await startCli(['serve'], env, { maxDescriptors: MAX_DESCRIPTORS })
  const gatewayUrl = await urlOf(serve)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const ask = async (path: string) => {
    const response = await new Promise<IncomingMessage>((resolve, reject) => get(gatewayUrl + path, { agent }, resolve).on('error', reject))
    const { statusCode, headers } = response
    return { status: statusCode, retryAfter: headers['retry-after'], type: headers['content-type'], body: await text(response) }
  }
  expect(await ask('/health/live')).toMatchObject({ status: 200 })
  const others: Socket[] = []
  try {
    // A connection that it closes is the first for which it has no descriptor.
    await new Promise<void>((resolve) => {
      for (let count = 0; count < MAX_DESCRIPTORS; count += 1) others.push(openConnection(gatewayUrl, resolve))
    })
    const refused = await ask(clipPath)
    expect(refused).toMatchObject({ status: 503, retryAfter: expect.any(String), type: 'application/problem+json' })
    expect(JSON.parse(refused.body)).toMatchObject({ code: 'OVERLOADED', title: 'Service Unavailable' })
  } finally {
    for (const socket of others) socket.destroy()
  }
  await eventually(async () => {
    expect(await ask(clipPath)).toMatchObject({ status: 200, type: 'video/mp4' })
  })
  agent.destroy()
})

function openConnection(url: string, onClosed: () => void): Socket {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  return socket.once('error', onClosed).once('end', onClosed)
}
