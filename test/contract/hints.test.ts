import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { buildSchema, isObjectType } from 'graphql'
import { footage, frame, recording, VIDEO } from '../support/footage.js'
import { startTestGateway, type TestGateway, upload } from '../support/gateway-test.js'
import { type KvsTestServer, startKvsTestServer } from '../support/kvs-test-server.js'
import { cluster, concatBytes, simpleBlock } from '../support/mkv-builder.js'

// A hint is a promise: a client that follows it succeeds. Each test provokes a hint as a client would, and follows it.

const START = Math.floor(Date.now() / 1000) * 1000 - 600_000
const at = (ms: number) => new Date(START + ms).toISOString()
const SOUND = { number: 1, type: 2, codecId: 'A_AAC', codecPrivate: Uint8Array.of(0x11, 0x90), audio: { sampleRate: 48_000, channels: 2 } }

interface Issue {
  readonly code: string
  readonly severity: string
  readonly hint: string | null
  readonly ranges: readonly { readonly startTimestamp: string; readonly endTimestamp: string }[]
}

let kvs: KvsTestServer
let gateway: TestGateway

beforeAll(async () => {
  kvs = await startKvsTestServer()
  gateway = await startTestGateway(kvs)
  const pictures = recording([0, 1000, 2000, 3000].map((ms) => footage(ms)))
  const sound = recording(
    [0, 1000].map((ms) => cluster(ms, [simpleBlock({ track: 1, time: 0, isKey: true, payload: Uint8Array.of(1) })])),
    [SOUND],
  )
  await upload(kvs, { streamName: 'gate', file: pictures, producerStartMs: START })
  await upload(kvs, { streamName: 'intercom', file: sound, producerStartMs: START })
  // Every fragment except the first begins in the middle of a GOP.
  const inside = (ms: number) =>
    cluster(
      ms,
      [0, 200, 400].map((time) => simpleBlock({ track: 1, time, payload: frame(40) })),
    )
  const long = recording([footage(0), inside(1000), inside(2000)], [VIDEO])
  await upload(kvs, { streamName: 'street', file: concatBytes(long), producerStartMs: START })
})
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]()
  await kvs?.[Symbol.asyncDispose]()
})

async function ask<Data>(query: string, variables: Record<string, unknown> = {}): Promise<Data> {
  const { data, errors } = await gateway.ask(query, variables)
  expect(errors).toBeUndefined()
  return JSON.parse(JSON.stringify(data))
}

const ISSUES = 'issues { code severity hint ranges { startTimestamp endTimestamp } }'
const clipOf = (fromMs: number, toMs: number, more: object = {}) => ({
  fragmentSelectorType: 'PRODUCER_TIMESTAMP',
  startTimestamp: at(fromMs),
  endTimestamp: at(toMs),
  ...more,
})

async function validate(input: object, probe = false): Promise<readonly Issue[]> {
  const query = `query ($input: ClipInput!, $probe: Boolean!) { validateClip(input: $input, probe: $probe) { ${ISSUES} } }`
  return (await ask<{ validateClip: { issues: Issue[] } }>(query, { input, probe })).validateClip.issues
}

async function request(input: object): Promise<readonly Issue[]> {
  const query = `mutation ($input: ClipInput!) { requestClip(input: $input) { ${ISSUES} } }`
  return (await ask<{ requestClip: { issues: Issue[] } }>(query, { input })).requestClip.issues
}

const hintOf = (issues: readonly Issue[], code: string) => issues.find((issue) => issue.code === code)?.hint
const streamNames = async () =>
  (await ask<{ streams: { nodes: { name: string }[] } }>('{ streams { nodes { name } } }')).streams.nodes.map(({ name }) => name)

describe('a hint can be followed', () => {
  test('at Query.streams, when no stream is named or the name does not exist', async () => {
    expect(hintOf(await validate(clipOf(0, 1000)), 'STREAM_REQUIRED')).toContain('Query.streams')
    expect(hintOf(await validate(clipOf(0, 1000, { streamName: 'door' })), 'STREAM_NOT_FOUND')).toContain('Query.streams')
    expect(await streamNames()).toEqual(expect.arrayContaining(['gate', 'intercom']))
  })

  test('when a name is given as an ARN, or an ARN as a name', async () => {
    const { stream } = await ask<{ stream: { arn: string } }>('{ stream(name: "gate") { arn } }')
    expect(hintOf(await validate(clipOf(0, 1000, { streamName: stream.arn })), 'STREAM_NAME_INVALID')).toContain('streamArn')
    expect(await validate(clipOf(0, 4000, { streamArn: stream.arn }))).toEqual([])
    expect(hintOf(await validate(clipOf(0, 1000, { streamArn: 'gate' })), 'STREAM_ARN_INVALID')).toContain('streamName')
    expect(await validate(clipOf(0, 4000, { streamName: 'gate' }))).toEqual([])
  })

  test.each(['gate', 'intercom'])('at Stream.coverage, when %s has no footage near the range', async (name) => {
    const day = 86_400_000
    expect(hintOf(await validate(clipOf(-2 * day, -2 * day + 1000, { streamName: name })), 'NO_FRAGMENTS')).toContain('Stream.coverage')
    const query = `query ($name: String, $range: TimestampRangeInput!) {
      stream(name: $name) { coverage(range: $range, fragmentSelectorType: PRODUCER_TIMESTAMP) { fragmentCount } }
    }`
    const range = { startTimestamp: at(-3600_000), endTimestamp: at(3600_000) }
    const found = await ask<{ stream: { coverage: { fragmentCount: number } } }>(query, { name, range })
    expect(found.stream.coverage.fragmentCount).toBeGreaterThan(1)
  })

  test('at validateClip, when Kinesis Video cannot make a clip because the stream has no video', async () => {
    const input = clipOf(0, 4000, { streamName: 'intercom' })
    const refused = (await request(input)).find(({ severity }) => severity === 'ERROR')
    expect(refused).toMatchObject({ code: 'UNSUPPORTED_VIDEO_CODEC', hint: expect.stringContaining('validateClip with probe true') })
    expect(await validate(input, true)).toContainEqual(
      expect.objectContaining({ code: 'UNSUPPORTED_VIDEO_CODEC', hint: expect.stringMatching(/^GetClip supports/) }),
    )
  })

  test('when the range begins and ends inside fragments', async () => {
    const input = clipOf(500, 2100, { streamName: 'gate' })
    const issues = await validate(input)
    const [start] = issues
    expect(hintOf(issues, 'START_INSIDE_FRAGMENT')).toContain(`Start at ${at(0)}`)
    expect(hintOf(issues, 'END_INSIDE_FRAGMENT')).toContain('cut EXACT')
    expect((await validate({ ...input, ...start?.ranges[0] })).map(({ code }) => code)).not.toContain('START_INSIDE_FRAGMENT')
    expect(await validate({ ...input, cut: 'EXACT' })).toEqual([])
    expect((await request({ ...input, cut: 'EXACT' })).filter(({ severity }) => severity === 'ERROR')).toEqual([])
  })

  test('at cut EXACT, when a fragment does not begin with a key frame', async () => {
    const input = clipOf(900, 2900, { streamName: 'street' })
    expect(hintOf(await validate(input, true), 'STARTS_WITHOUT_KEY_FRAME')).toContain('cut EXACT')
    const exact = { ...input, cut: 'EXACT' }
    expect((await validate(exact, true)).map(({ code }) => code)).not.toContain('STARTS_WITHOUT_KEY_FRAME')
    expect((await request(exact)).filter(({ severity }) => severity === 'ERROR')).toEqual([])
  })
})

test('every field that a message names exists in the schema', () => {
  const schema = buildSchema(readFileSync('schema.graphql', 'utf8'))
  const named = ['domain', 'delivery', 'footage', 'kvs', 'graphql'].flatMap((folder) => namedFields(join('src', folder)))
  expect(named.length).toBeGreaterThan(3)
  for (const [typeName = '', fieldName = ''] of named.map((text) => text.split('.'))) {
    const type = schema.getType(typeName)
    expect([typeName, fieldName, isObjectType(type) && Object.keys(type.getFields()).includes(fieldName)]).toEqual([
      typeName,
      fieldName,
      true,
    ])
  }
})

function namedFields(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').match(/\b(?:Query|Mutation|Stream|Clip)\.[a-z]\w*(?=[ .,;])/g) ?? [])
}
