import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateStreamCommand, TagStreamCommand } from '@aws-sdk/client-kinesis-video'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createTestKey, revoked, type TestKey, writeKeys } from '../support/api-keys.js'
import { eventually } from '../support/eventually.js'
import { readFixture } from '../support/fixtures.js'
import { startTestGateway, type TestGateway, upload } from '../support/gateway-test.js'
import { CLIP_PROGRESS, RawSocket } from '../support/graphql-socket.js'
import { type KvsTestServer, startKvsTestServer } from '../support/kvs-test-server.js'

const startMs = Math.floor(Date.now() / 1000) * 1000 - 600_000
const INPUT = `fragmentSelectorType: PRODUCER_TIMESTAMP, startTimestamp: "${new Date(startMs - 1000).toISOString()}", endTimestamp: "${new Date(startMs + 60_000).toISOString()}"`
const everything = createTestKey(
  ['streams:read', 'endpoints:read', 'hls:create', 'clips:validate', 'clips:request', 'clips:revoke', 'metrics:read'],
  ['*'],
  { name: 'operator' },
)
const lobby = createTestKey(['streams:read', 'clips:validate', 'clips:request'], ['lobby-*'])
const berlin = createTestKey(['streams:read', 'clips:validate', 'clips:request'], ['tag:site=berlin'])
const reader = createTestKey(['streams:read'], ['*'])
const keys = [everything, lobby, berlin, reader]

let kvs: KvsTestServer
let folder: string
let file: string
let gateway: TestGateway

beforeAll(async () => {
  kvs = await startKvsTestServer()
  for (const name of ['lobby-1', 'garage-1', 'office-1', 'lobby-2'])
    await kvs.control.send(new CreateStreamCommand({ StreamName: name, DataRetentionInHours: 24 }))
  for (const name of ['lobby-1', 'garage-1']) {
    await upload(kvs, { streamName: name, file: readFixture('h264-aac.mkv'), producerStartMs: startMs })
  }
  await kvs.control.send(new TagStreamCommand({ StreamName: 'garage-1', Tags: { site: 'berlin' } }))
  folder = await mkdtemp(join(tmpdir(), 'clipgate-auth-'))
  file = join(folder, 'keys.json')
  await writeKeys(file, keys)
  gateway = await startTestGateway(kvs, { API_KEYS_FILE: file })
})
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]()
  await kvs?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

async function post(query: string, headers: Record<string, string>) {
  const body = JSON.stringify({ query })
  const response = await fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  })
  return { status: response.status, headers: response.headers, answer: JSON.parse(await response.text()) }
}

/** Without the budget that is left, which each operation lowers. */
async function ask(query: string, { key }: TestKey) {
  const { answer } = await post(query, { authorization: `Bearer ${key}` })
  delete answer.extensions?.cost?.available
  return answer
}

describe('a request', () => {
  test.each([
    ['without a credential', {}],
    ['with a key of another form', { authorization: 'Bearer x' }],
    ['with an unknown key', { authorization: `Bearer ${createTestKey(['streams:read'], ['*']).key}` }],
    ['with another scheme', { authorization: `Basic ${everything.key}` }],
    ['with two credentials in one header', { authorization: `Bearer ${everything.key}, Bearer x` }],
    ['with a very long credential', { authorization: `Bearer ${'x'.repeat(10_000)}` }],
  ])('%s is answered with 401 in the shape of GraphQL', async (_, headers) => {
    const { status, headers: received, answer } = await post('{ limits { maxRangeHours } }', headers)
    expect({ status, answer }).toEqual({
      status: 401,
      answer: { errors: [{ message: expect.any(String), extensions: { code: 'UNAUTHENTICATED' } }] },
    })
    expect(received.get('www-authenticate')).toBe('Bearer')
  })

  test('is accepted with the key in either header', async () => {
    const both: Record<string, string>[] = [{ authorization: `bearer ${reader.key}` }, { 'x-api-key': reader.key }]
    for (const headers of both)
      expect((await post('{ limits { maxRangeHours } }', headers)).answer).toEqual({
        data: { limits: { maxRangeHours: 24 } },
        extensions: expect.anything(),
      })
  })

  test('of a browser that opens /graphql is answered with the page', async () => {
    expect((await fetch(`${gateway.url}/graphql`, { headers: { accept: 'text/html' } })).status).toBe(200)
  })

  test('for the metrics needs their scope', async () => {
    const statusOf = async (headers: Record<string, string>) => (await fetch(`${gateway.url}/metrics`, { headers })).status
    expect(await statusOf({})).toBe(401)
    expect(await statusOf({ 'x-api-key': reader.key })).toBe(403)
    expect(await statusOf({ 'x-api-key': everything.key })).toBe(200)
    expect((await fetch(`${gateway.url}/health/ready`)).status).toBe(200)
  })
})

describe('a field without its scope', () => {
  test.each([
    ['{ stream(name: "lobby-1") { dataEndpoint } }', 'endpoints:read'],
    ['{ stream(name: "lobby-1") { hlsStreamingSession { url } } }', 'hls:create'],
    [`{ validateClip(input: { streamName: "lobby-1", ${INPUT} }) { valid } }`, 'clips:validate'],
    [`mutation { requestClip(input: { streamName: "lobby-1", ${INPUT} }) { clip { id } } }`, 'clips:request'],
    [`mutation { requestClips(inputs: [{ streamName: "lobby-1", ${INPUT} }]) { clip { id } } }`, 'clips:request'],
    ['mutation { renewClipUrl(id: "x") { clip { id } } }', 'clips:request'],
    ['{ clip(id: "x") { id } }', 'clips:request'],
    ['{ node(id: "x") { id } }', 'clips:request'],
  ])('%s is FORBIDDEN and names the scope', async (query, scope) => {
    const { errors } = await ask(query, reader)
    expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' }, message: expect.stringContaining(scope) }])
  })
})

describe('a hidden stream looks like a missing one', () => {
  const arnOf = async (name: string) => (await ask(`{ stream(name: "${name}") { id arn } }`, everything)).data.stream

  test.each([
    ['lobby', lobby, 'garage-1'],
    ['berlin', berlin, 'lobby-1'],
  ])('to %s: by name, ARN, ID, validation and request', async (_, key, hidden) => {
    const { id, arn } = await arnOf(hidden)
    const missingArn = arn.replace(hidden, 'x'.repeat(hidden.length))
    const missingId = Buffer.from(`Stream:${missingArn}`).toString('base64url')
    const probes = (name: string, streamArn: string, streamId: string) => [
      `{ stream(name: "${name}") { name } }`,
      `{ stream(arn: "${streamArn}") { name } }`,
      `{ node(id: "${streamId}") { id } }`,
      `{ validateClip(input: { streamName: "${name}", ${INPUT} }) { valid issues { code message path hint } } }`,
      `{ validateClip(input: { streamArn: "${streamArn}", ${INPUT} }) { valid issues { code message path hint } } }`,
      `mutation { requestClip(input: { streamName: "${name}", ${INPUT} }) { clip { id } issues { code message path hint } } }`,
    ]
    const missing = 'x'.repeat(hidden.length)
    const answers = async (queries: string[]) => Promise.all(queries.map((query) => ask(query, key)))
    const ofHidden = JSON.stringify(await answers(probes(hidden, arn, id)))
    const ofMissing = JSON.stringify(await answers(probes(missing, missingArn, missingId)))
    expect(ofHidden.replaceAll(hidden, missing)).toBe(ofMissing)
    expect(ofHidden).toContain('STREAM_NOT_FOUND')
  })

  test('in pages and cursors', async () => {
    const page = (key: TestKey, first: number) =>
      ask(`{ streams(first: ${first}) { nodes { name } pageInfo { hasNextPage hasPreviousPage endCursor } } }`, key)
    const names = ({ data }: { data: { streams: { nodes: { name: string }[] } } }) => data.streams.nodes.map(({ name }) => name)
    expect(names(await page(everything, 50))).toEqual(['garage-1', 'lobby-1', 'lobby-2', 'office-1'])
    expect(names(await page(lobby, 50))).toEqual(['lobby-1', 'lobby-2'])
    expect(names(await page(berlin, 50))).toEqual(['garage-1'])
    expect((await page(lobby, 2)).data.streams.pageInfo.hasNextPage).toBe(false)
    expect((await page(lobby, 1)).data.streams.pageInfo.hasNextPage).toBe(true)
  })

  test('by the ID of its clip', async () => {
    const { data } = await ask(`mutation { requestClip(input: { streamName: "garage-1", ${INPUT} }) { clip { id } } }`, everything)
    const { id } = data.requestClip.clip
    const probes = (clip: string) => [`{ clip(id: "${clip}") { id } }`, `{ node(id: "${clip}") { id } }`]
    for (const [index, query] of probes(id).entries())
      expect(await ask(query, lobby)).toEqual(await ask(probes('unknown')[index] ?? '', lobby))
    expect((await ask(`mutation { renewClipUrl(id: "${id}") { clip { id } } }`, lobby)).errors[0].extensions.code).toBe('NOT_FOUND')
    expect((await ask(`{ clip(id: "${id}") { id stream { name } } }`, berlin)).data.clip).toEqual({ id, stream: { name: 'garage-1' } })
  })
})

describe('a WebSocket', () => {
  async function connect(authorization: string | undefined) {
    const raw = new RawSocket(gateway.url)
    await new Promise((resolve) => raw.socket.once('open', resolve))
    raw.send({ type: 'connection_init', payload: { authorization } })
    return raw
  }

  test.each([undefined, 'Bearer x'])('with the credential %j closes with 4403', async (authorization) => {
    expect(await (await connect(authorization)).closed).toEqual({ code: 4403, reason: 'Forbidden' })
  })

  test('shows what exists for its key', async () => {
    const { data } = await ask(`mutation { requestClip(input: { streamName: "garage-1", ${INPUT} }) { clip { id } } }`, everything)
    const payload = { query: CLIP_PROGRESS, variables: { id: data.requestClip.clip.id } }
    const hidden = await connect(`Bearer ${lobby.key}`)
    await hidden.until('connection_ack')
    hidden.subscribe('1', payload)
    expect(await hidden.until('next')).toMatchObject({ payload: { errors: [{ extensions: { code: 'NOT_FOUND' } }] } })
    const visible = await connect(`Bearer ${berlin.key}`)
    await visible.until('connection_ack')
    visible.subscribe('1', payload)
    expect(await visible.until('next')).toMatchObject({ payload: { data: { clipProgress: { id: payload.variables.id } } } })
    for (const raw of [hidden, visible]) raw.socket.close()
  })

  test('closes with 4403 when its key is revoked or expires, and other sockets stay open', async () => {
    const doomed = createTestKey(['streams:read'], ['*'])
    const expiring = createTestKey(['streams:read'], ['*'], { expiresAtMs: Date.now() + 4000 })
    await writeKeys(file, [...keys, doomed, expiring])
    await eventually(async () => expect((await post('{ limits { maxRangeHours } }', { 'x-api-key': expiring.key })).status).toBe(200))
    const [ending, kept, brief] = await Promise.all([doomed, reader, expiring].map(({ key }) => connect(`Bearer ${key}`)))
    await Promise.all([ending, kept, brief].map((raw) => raw?.until('connection_ack')))
    expect(await brief?.closed).toMatchObject({ code: 4403 })
    await writeKeys(file, [...keys, revoked(doomed)])
    expect(await ending?.closed).toMatchObject({ code: 4403 })
    expect((await post('{ limits { maxRangeHours } }', { 'x-api-key': doomed.key })).status).toBe(401)
    expect(kept?.socket.readyState).toBe(1)
    kept?.socket.close()
  })
})

test('a broken key file changes nothing and shows in the metrics', async () => {
  await writeFile(file, '{"keys": [')
  await eventually(async () => {
    const metrics = await (await fetch(`${gateway.url}/metrics`, { headers: { 'x-api-key': everything.key } })).text()
    expect(metrics).toContain('clipgate_auth_file_reads_total{file="API_KEYS_FILE",outcome="invalid"} 1')
  })
  expect((await post('{ limits { maxRangeHours } }', { 'x-api-key': reader.key })).status).toBe(200)
  await writeKeys(file, keys)
})
