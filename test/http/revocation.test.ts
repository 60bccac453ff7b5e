import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateStreamCommand, TagStreamCommand } from '@aws-sdk/client-kinesis-video'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { createTestKey, revoked, type TestKey, writeKeys } from '../support/api-keys.js'
import { eventually } from '../support/eventually.js'
import { readFixture } from '../support/fixtures.js'
import { startTestGateway, type TestGateway, upload } from '../support/gateway-test.js'
import { type KvsTestServer, startKvsTestServer } from '../support/kvs-test-server.js'

const startMs = Math.floor(Date.now() / 1000) * 1000 - 600_000
const INPUT = `fragmentSelectorType: PRODUCER_TIMESTAMP, startTimestamp: "${new Date(startMs - 1000).toISOString()}", endTimestamp: "${new Date(startMs + 60_000).toISOString()}"`
const operator = createTestKey(['streams:read', 'clips:request', 'clips:revoke'], ['*'])
const partner = createTestKey(['streams:read', 'clips:request'], ['*'], { expiresAtMs: Date.now() + 3_600_000 })
const guard = createTestKey(['clips:revoke'], ['lobby-*'])
const berlin = createTestKey(['clips:revoke'], ['tag:site=berlin'])
const keys = [operator, partner, guard, berlin]

let kvs: KvsTestServer
let folder: string
let file: string
let gateway: TestGateway

beforeAll(async () => {
  kvs = await startKvsTestServer()
  for (const StreamName of ['lobby-1', 'garage-1']) {
    await kvs.control.send(new CreateStreamCommand({ StreamName, DataRetentionInHours: 24 }))
    await upload(kvs, { streamName: StreamName, file: readFixture('h264-aac.mkv'), producerStartMs: startMs })
  }
  await kvs.control.send(new TagStreamCommand({ StreamName: 'garage-1', Tags: { site: 'berlin' } }))
})
afterAll(() => kvs?.[Symbol.asyncDispose]())
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clipgate-revoke-'))
  file = join(folder, 'keys.json')
  await writeKeys(file, keys)
  gateway = await start()
})
afterEach(async () => {
  await gateway?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

function start(): Promise<TestGateway> {
  return startTestGateway(kvs, { API_KEYS_FILE: file, DATA_DIR: join(folder, 'data'), PUBLIC_URL: 'http://clips.test' })
}

async function ask(query: string, { key }: TestKey, { url } = gateway) {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` }
  const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) })
  return JSON.parse(await response.text())
}

async function request(key: TestKey, name = 'lobby-1', more = '') {
  const { data } = await ask(`mutation { requestClip(input: { streamName: "${name}", ${INPUT}${more} }) { clip { id downloadUrl } } }`, key)
  const { id, downloadUrl }: { id: string; downloadUrl: string } = data.requestClip.clip
  return { id, path: new URL(downloadUrl).pathname }
}

async function revoke(argument: string, key: TestKey) {
  return ask(`mutation { revokeClipUrls(${argument}) { revokedBefore } }`, key)
}

async function stateOf(path: string, { url } = gateway) {
  const response = await fetch(url + path)
  const body = await response.text()
  return response.status === 200 ? 200 : `${response.status} ${JSON.parse(body).code}`
}

describe('revokeClipUrls', () => {
  test('of a clip ends its URLs for every principal and lifetime, and later URLs open', async () => {
    const [own, other, longer, elsewhere] = [
      await request(operator),
      await request(partner),
      await request(partner, 'lobby-1', ', expiresInSeconds: 7200'),
      await request(partner, 'garage-1'),
    ]
    expect(own.path).not.toBe(other.path)
    expect(await Promise.all([own, other, longer].map(({ path }) => stateOf(path)))).toEqual([200, 200, 200])
    const { data } = await revoke(`clipId: "${own.id}"`, guard)
    expect(Math.abs(Date.parse(data.revokeClipUrls.revokedBefore) - Date.now())).toBeLessThan(60_000)
    expect(await Promise.all([own, other, longer].map(({ path }) => stateOf(path)))).toEqual(['410 REVOKED', '410 REVOKED', '410 REVOKED'])
    expect(await stateOf(elsewhere.path)).toBe(200)
    const again = await request(operator)
    expect([again.id, await stateOf(again.path)]).toEqual([own.id, 200])
    expect((await request(operator)).path).toBe(again.path)
    const renewed = await ask(`mutation { renewClipUrl(id: "${own.id}") { clip { downloadUrl } } }`, partner)
    expect(await stateOf(new URL(renewed.data.renewClipUrl.clip.downloadUrl).pathname)).toBe(200)
  })

  test('of a principal ends the URLs that it was given, for the streams that the caller may revoke', async () => {
    const [lobby, garage, own] = [await request(partner), await request(partner, 'garage-1'), await request(operator)]
    const { id } = partner.record
    await revoke(`principal: "${id}"`, guard)
    expect(await Promise.all([lobby, garage, own].map(({ path }) => stateOf(path)))).toEqual(['410 REVOKED', 200, 200])
    await revoke(`principal: "${id}"`, berlin)
    expect(await Promise.all([garage, own].map(({ path }) => stateOf(path)))).toEqual(['410 REVOKED', 200])
    expect(await stateOf((await request(partner, 'garage-1')).path)).toBe(200)
  })

  test('holds after a restart, and at once in another gateway with the same data folder', async () => {
    const { id, path } = await request(partner)
    await using other = await start()
    expect(await stateOf(path, other)).toBe(200)
    await revoke(`clipId: "${id}"`, operator)
    expect(await stateOf(path, other)).toBe('410 REVOKED')
    await gateway[Symbol.asyncDispose]()
    gateway = await start()
    expect(await stateOf(path)).toBe('410 REVOKED')
  })

  test.each([
    ['', 'BAD_USER_INPUT'],
    ['clipId: "x", principal: "y"', 'BAD_USER_INPUT'],
    ['principal: ""', 'BAD_USER_INPUT'],
    ['clipId: "x"', 'NOT_FOUND'],
  ])('with the arguments (%s) fails with %s', async (argument, code) => {
    const query = `mutation { revokeClipUrls${argument === '' ? '' : `(${argument})`} { revokedBefore } }`
    expect((await ask(query, operator)).errors).toMatchObject([{ extensions: { code } }])
  })

  test('of a clip of a hidden stream fails as for an unknown clip, and without the scope it is FORBIDDEN', async () => {
    const { id, path } = await request(partner, 'garage-1')
    expect((await revoke(`clipId: "${id}"`, guard)).errors).toEqual((await revoke('clipId: "unknown"', guard)).errors)
    expect((await revoke(`clipId: "${id}"`, partner)).errors).toMatchObject([
      { extensions: { code: 'FORBIDDEN' }, message: expect.stringContaining('clips:revoke') },
    ])
    expect(await stateOf(path)).toBe(200)
  })
})

test('a revoked API key ends its URLs within a second, and they stay ended', async () => {
  const [own, other] = [await request(partner), await request(operator)]
  await writeKeys(file, [operator, revoked(partner)])
  await eventually(async () => expect(await stateOf(own.path)).toBe('410 REVOKED'))
  expect(await stateOf(other.path)).toBe(200)
  await writeKeys(file, [operator])
  await eventually(async () =>
    expect((await ask('{ viewer { kind } }', guard)).errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]),
  )
  expect(await stateOf(own.path)).toBe('410 REVOKED')
})

describe('the viewer', () => {
  test('is the key and its grants', async () => {
    const fields = '{ kind name grants { scopes streams } scopes streams expiresAt budget { maximum available restoredPerSecond } }'
    expect((await ask(`{ viewer ${fields} }`, partner)).data.viewer).toEqual({
      kind: 'API_KEY',
      name: 'partner',
      grants: [{ scopes: ['STREAMS_READ', 'CLIPS_REQUEST'], streams: ['*'] }],
      scopes: ['STREAMS_READ', 'CLIPS_REQUEST'],
      streams: ['*'],
      expiresAt: new Date(partner.record.expiresAtMs ?? 0).toISOString(),
      budget: { maximum: 60_000, available: expect.any(Number), restoredPerSecond: 1000 },
    })
    expect((await ask(`{ viewer ${fields} }`, guard)).data.viewer).toMatchObject({ streams: ['lobby-*'], expiresAt: null })
  })

  test('is anonymous and may do everything where no credentials are required', async () => {
    await using open = await startTestGateway(kvs)
    expect((await open.ask('{ viewer { kind name scopes streams expiresAt budget { available } } }')).data).toEqual({
      viewer: {
        kind: 'ANONYMOUS',
        name: null,
        scopes: expect.arrayContaining(['CLIPS_KEEP', 'METRICS_READ']),
        streams: ['*'],
        expiresAt: null,
        budget: null,
      },
    })
    expect((await open.ask('mutation { revokeClipUrls(principal: "x") { revokedBefore } }')).errors).toBeUndefined()
  })
})

test('the quota of a stream is what the gateway has left', async () => {
  const quota =
    '{ stream(name: "lobby-1") { quota { mediaPointsPerSecond mediaPointsAvailable metadataPointsPerSecond metadataPointsAvailable } } }'
  await using paced = await startTestGateway(kvs, { KVS_QUOTAS: 'on' })
  const full = { mediaPointsPerSecond: 500, mediaPointsAvailable: 500, metadataPointsPerSecond: 10_000, metadataPointsAvailable: 10_000 }
  expect((await paced.ask(quota)).data).toEqual({ stream: { quota: full } })
  await paced.ask(`mutation { requestClip(input: { streamName: "lobby-1", ${INPUT} }) { clip { id } } }`)
  const { data } = await paced.ask(quota)
  expect(JSON.stringify(data)).toMatch(/"mediaPointsAvailable":\d+,"metadataPointsPerSecond":10000,"metadataPointsAvailable":\d+/)
  expect((await ask(quota, operator)).data).toEqual({ stream: { quota: full } })
})
