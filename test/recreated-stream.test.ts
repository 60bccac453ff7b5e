import { DeleteStreamCommand } from '@aws-sdk/client-kinesis-video'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { readFixture } from './support/fixtures.js'
import { startTestGateway, type TestGateway, upload } from './support/gateway-test.js'
import { type KvsTestServer, startKvsTestServer } from './support/kvs-test-server.js'

// A camera's stream is deleted and created again while the gateway remembers its ARN.

const START = Date.now() - 3_600_000
const [FIRST, SECOND] = [START, START + 600_000]
const RANGE = { startTimestamp: new Date(START - 60_000).toISOString(), endTimestamp: new Date(START + 1_200_000).toISOString() }

let kvs: KvsTestServer
let gateway: TestGateway

async function record(producerStartMs: number): Promise<void> {
  await upload(kvs, { streamName: 'dock', file: readFixture('h264-only.mkv'), producerStartMs })
}

/** A response without errors. */
async function ask(query: string, variables: Record<string, unknown> = {}): Promise<unknown> {
  const { data, errors } = await gateway.ask(query, variables)
  expect(errors).toBeUndefined()
  return data
}

const FIELDS: Readonly<Record<string, string>> = {
  fragments: 'fragments(range: $range, fragmentSelectorType: PRODUCER_TIMESTAMP) { nodes { producerTimestamp } }',
  coverage: 'coverage(range: $range, fragmentSelectorType: PRODUCER_TIMESTAMP) { fragmentCount }',
  media: 'media { video { codec } }',
  dataEndpoint: 'dataEndpoint',
  tags: 'tags { key }',
  hlsStreamingSession: 'hlsStreamingSession { url }',
}

beforeEach(async () => {
  kvs = await startKvsTestServer()
  gateway = await startTestGateway(kvs)
  await record(FIRST)
})
afterEach(async () => {
  await gateway[Symbol.asyncDispose]()
  await kvs[Symbol.asyncDispose]()
})

async function recreate(): Promise<void> {
  const { data } = await gateway.ask('{ stream(name: "dock") { arn } }')
  const { arn } = (data as { stream: { arn: string } }).stream
  await kvs.control.send(new DeleteStreamCommand({ StreamARN: arn }))
  await record(SECOND)
}

test.each(Object.keys(FIELDS))('%s of the new stream is found at once', async (field) => {
  const usesRange = FIELDS[field]?.includes('$range')
  const query = `query ${usesRange ? '($range: TimestampRangeInput!) ' : ''}{ stream(name: "dock") { ${FIELDS[field]} } }`
  await ask(query, usesRange ? { range: RANGE } : {})
  await recreate()
  const again = await ask(query, usesRange ? { range: RANGE } : {})
  expect(JSON.stringify(again)).not.toContain('null')
})

test('a clip of the new stream is available at once, and its ID stays valid', async () => {
  const request = `mutation ($input: ClipInput!) { requestClip(input: $input) { clip { id stream { arn } } issues { severity } } }`
  const input = { streamName: 'dock', fragmentSelectorType: 'PRODUCER_TIMESTAMP', ...RANGE }
  const before = (await ask(request, { input })) as Requested
  await recreate()
  const after = (await ask(request, { input })) as Requested
  expect(JSON.stringify(after.requestClip.issues)).not.toContain('ERROR')
  expect(after.requestClip.clip?.stream.arn).not.toBe(before.requestClip.clip?.stream.arn)
  const found = await ask('query ($id: ID!) { clip(id: $id) { failure { code } } }', { id: after.requestClip.clip?.id })
  expect(found).toEqual({ clip: { failure: null } })
})

test('a query for a stream that was deleted for good fails instead of retrying without end', async () => {
  await ask('{ stream(name: "dock") { media { video { codec } } } }')
  const { data } = await gateway.ask('{ stream(name: "dock") { arn } }')
  const { arn } = (data as { stream: { arn: string } }).stream
  await kvs.control.send(new DeleteStreamCommand({ StreamARN: arn }))
  const { errors } = await gateway.ask(
    'query ($range: TimestampRangeInput!) { stream(name: "dock") { fragments(range: $range) { nodes { number } } } }',
    {
      range: RANGE,
    },
  )
  expect(errors).toBeDefined()
})

interface Requested {
  readonly requestClip: {
    readonly clip: { readonly id: string; readonly stream: { readonly arn: string } } | null
    readonly issues: readonly unknown[]
  }
}
