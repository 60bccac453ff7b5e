import { CreateStreamCommand } from '@aws-sdk/client-kinesis-video'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { print } from 'graphql'
import { RequestClipDocument, type RequestClipMutation, StreamEndpointsDocument } from '../src/client/generated/graphql.js'
import { readFixture } from './support/fixtures.js'
import { startTestGateway, type TestGateway, upload } from './support/gateway-test.js'
import { type KvsTestServer, startKvsTestServer } from './support/kvs-test-server.js'
import { readPackets } from './support/mp4-readers.js'

const FILE = 'h264-aac.mkv'
const startMs = Math.floor(Date.now() / 1000) * 1000 - 600_000
let kvs: KvsTestServer
let first: TestGateway

beforeAll(async () => {
  kvs = await startKvsTestServer()
  await upload(kvs, { streamName: 'yard', file: readFixture(FILE), producerStartMs: startMs })
  first = await startTestGateway(kvs)
})
afterAll(async () => {
  await first?.[Symbol.asyncDispose]()
  await kvs?.[Symbol.asyncDispose]()
})

const input = {
  streamName: 'yard',
  fragmentSelectorType: 'PRODUCER_TIMESTAMP',
  startTimestamp: new Date(startMs - 1000).toISOString(),
  endTimestamp: new Date(startMs + 60_000).toISOString(),
}

async function requestClip(gateway: TestGateway, changes: object = {}) {
  const { data, errors } = await gateway.ask(print(RequestClipDocument), { input: { ...input, ...changes } })
  expect(errors).toBeUndefined()
  const { requestClip: answer }: RequestClipMutation = JSON.parse(JSON.stringify(data))
  return answer
}

async function download(url: string, headers: Record<string, string> = {}) {
  const response = await fetch(url, { headers })
  return { status: response.status, headers: response.headers, bytes: new Uint8Array(await response.arrayBuffer()) }
}

describe('from an upload to a playing clip', () => {
  test('one query returns the URL of an MP4 that holds the uploaded frames', async () => {
    const answer = await requestClip(first)
    expect(answer?.issues.filter(({ severity }) => severity === 'ERROR')).toEqual([])
    const url = answer?.clip?.downloadUrl ?? ''
    expect(url.startsWith(`${first.url}/clips/`)).toBe(true)
    const { status, headers, bytes } = await download(url)
    expect({ status, type: headers.get('content-type') }).toEqual({ status: 200, type: 'video/mp4' })
    for (const kind of ['video', 'audio'] as const) {
      const source = await readPackets(readFixture(FILE), kind)
      const clip = await readPackets(bytes, kind)
      expect(source.length).toBeGreaterThan(10)
      expect(clip.map(({ md5, isKey }) => ({ md5, isKey }))).toEqual(source.map(({ md5, isKey }) => ({ md5, isKey })))
    }
  })

  test('the URL supports ranges, HEAD and conditional requests like a file', async () => {
    const url = (await requestClip(first))?.clip?.downloadUrl ?? ''
    const whole = await download(url)
    const part = await download(url, { range: 'bytes=100-199' })
    expect(part.status).toBe(206)
    expect(part.headers.get('content-range')).toBe(`bytes 100-199/${whole.bytes.byteLength}`)
    expect(Buffer.compare(part.bytes, whole.bytes.subarray(100, 200))).toBe(0)
    const head = await fetch(url, { method: 'HEAD' })
    expect(head.headers.get('content-length')).toBe(String(whole.bytes.byteLength))
    expect((await download(url, { 'if-none-match': whole.headers.get('etag') ?? '' })).status).toBe(304)
  })

  test('another gateway with the same secrets serves the same bytes for the same URL, and resolves the same ID', async () => {
    await using second = await startTestGateway(kvs)
    const clip = (await requestClip(first))?.clip
    const { pathname } = new URL(clip?.downloadUrl ?? '')
    const here = await download(`${first.url}${pathname}`)
    const there = await download(`${second.url}${pathname}`)
    expect(there.status).toBe(200)
    expect(Buffer.compare(there.bytes, here.bytes)).toBe(0)
    expect(await second.ask('query ($id: ID!) { node(id: $id) { id } }', { id: clip?.id })).toMatchObject({
      data: { node: { id: clip?.id } },
    })
  })

  test('equal requests share one fetch', async () => {
    const range = { endTimestamp: new Date(startMs + 1500).toISOString() }
    const answers = await Promise.all(Array.from({ length: 20 }, () => requestClip(first, range)))
    expect(new Set(answers.map((answer) => answer?.clip?.id)).size).toBe(1)
    const metrics = await (await fetch(`${first.url}/metrics`)).text()
    expect(metrics).toMatch(/clipgate_clip_requests_total\{outcome="fetched"\} 2\n/)
    expect(metrics).toMatch(/clipgate_kvs_requests_total\{operation="GetClip",outcome="ok"\} 2\n/)
  })

  test.each([
    ['a stream that there is not', { streamName: 'nobody' }, /^STREAM_NOT_FOUND$/],
    [
      'a range without footage',
      { startTimestamp: new Date(startMs + 3_600_000).toISOString(), endTimestamp: new Date(startMs + 3_660_000).toISOString() },
      /^(NO_FRAGMENTS|FOOTAGE_NOT_YET_LISTED)$/,
    ],
    [
      'an end in the future',
      { fragmentSelectorType: 'SERVER_TIMESTAMP', endTimestamp: new Date(Date.now() + 60_000).toISOString() },
      /^END_IN_FUTURE$/,
    ],
  ])('%s is an issue, not an error', async (_, changes, code) => {
    const answer = await requestClip(first, changes)
    expect(answer?.clip).toBeNull()
    expect(answer?.issues[0]?.code).toMatch(code)
  })

  test('forged and damaged URLs are rejected', async () => {
    const url = (await requestClip(first))?.clip?.downloadUrl ?? ''
    const damaged = url.replace(/\/clips\/(.)/, (_, letter: string) => `/clips/${letter === 'A' ? 'B' : 'A'}`)
    for (const bad of [damaged, `${first.url}/clips/x/y.mp4`]) {
      const { status, headers } = await download(bad)
      expect({ status, type: headers.get('content-type') }).toEqual({
        status: 403,
        type: expect.stringContaining('application/problem+json'),
      })
    }
  })
})

test('a query for the endpoints of ten streams, twice each, makes ten GetDataEndpoint calls, and none when it is repeated', async () => {
  const names = Array.from({ length: 10 }, (_, index) => `endpoint-${index}`)
  for (const StreamName of names) await kvs.control.send(new CreateStreamCommand({ StreamName, DataRetentionInHours: 1 }))
  await using gateway = await startTestGateway(kvs)
  const countCalls = async () => {
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text()
    return Number(/clipgate_kvs_requests_total\{operation="GetDataEndpoint",outcome="ok"\} (\d+)/.exec(metrics)?.[1])
  }
  for (let round = 0; round < 2; round += 1) {
    const { data, errors } = await gateway.ask(print(StreamEndpointsDocument), { first: 10, namePrefix: 'endpoint-' })
    expect(errors).toBeUndefined()
    expect(data).toMatchObject({ streams: { nodes: names.map((name) => ({ name, dataEndpoint: kvs.url, again: kvs.url })) } })
    expect(await countCalls()).toBe(10)
  }
})

describe('a gateway', () => {
  test('is ready while Kinesis Video answers, and not ready when it is gone', async () => {
    const other = await startKvsTestServer()
    await using gateway = await startTestGateway(other)
    expect((await fetch(`${gateway.url}/health/ready`)).status).toBe(200)
    await other[Symbol.asyncDispose]()
    await using late = await startTestGateway(other)
    const response = await fetch(`${late.url}/health/ready`)
    expect({ status: response.status, body: await response.json() }).toMatchObject({
      status: 503,
      body: { dependencies: { kinesisVideo: { status: 'failing' }, clipStore: { status: 'ok' } } },
    })
    const { data, errors } = await late.ask('{ limits { maxRangeHours } streams { nodes { name } } }')
    expect(data).toEqual({ limits: { maxRangeHours: 24 }, streams: null })
    expect(errors).toMatchObject([{ path: ['streams'], extensions: { code: 'KVS_UNAVAILABLE' } }])
  })

  test('releases its port when it is closed, and can be closed twice', async () => {
    const gateway = await startTestGateway(kvs)
    await gateway.gateway.close()
    await gateway[Symbol.asyncDispose]()
    await expect(fetch(gateway.url)).rejects.toThrow()
  })
})
