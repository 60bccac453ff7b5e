import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { readFixture } from './support/fixtures.js'
import { startTestGateway, type TestGateway, upload } from './support/gateway-test.js'
import { type KvsTestServer, startKvsTestServer } from './support/kvs-test-server.js'

const HOUR_MS = 3_600_000
/** The clock of this camera is fast. However long the test takes, more footage may follow its last fragment. */
const FAST_MS = Math.floor(Date.now() / 1000) * 1000 + HOUR_MS
const OLD_MS = FAST_MS - 2 * HOUR_MS

let kvs: KvsTestServer
let gateway: TestGateway

beforeAll(async () => {
  kvs = await startKvsTestServer()
  const file = readFixture('h264-aac.mkv')
  await upload(kvs, { streamName: 'fast', file, producerStartMs: FAST_MS })
  await upload(kvs, { streamName: 'old', file, producerStartMs: OLD_MS })
  gateway = await startTestGateway(kvs)
})
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]()
  await kvs?.[Symbol.asyncDispose]()
})

interface Listed {
  readonly stream: { readonly fragments: { readonly nodes: { readonly producerTimestamp: string; readonly lengthMs: number }[] } }
}

/** The time at which the last listed frame starts. */
async function lastFrameMs(name: string, startMs: number): Promise<number> {
  const query = `query ($name: String!, $range: TimestampRangeInput!) { stream(name: $name) {
    fragments(range: $range, fragmentSelectorType: PRODUCER_TIMESTAMP) { nodes { producerTimestamp lengthMs } } } }`
  const range = { startTimestamp: new Date(startMs).toISOString(), endTimestamp: new Date(startMs + 60_000).toISOString() }
  const { data }: { data: Listed } = JSON.parse(JSON.stringify(await gateway.ask(query, { name, range })))
  const last = data.stream.fragments.nodes.at(-1)
  return Date.parse(last?.producerTimestamp ?? '') + (last?.lengthMs ?? Number.NaN)
}

async function requestExact(streamName: string, startMs: number, endMs: number) {
  const query = 'mutation ($input: ClipInput!) { requestClip(input: $input) { clip { id } issues { code severity retryAfterMs } } }'
  const input = {
    streamName,
    fragmentSelectorType: 'PRODUCER_TIMESTAMP',
    cut: 'EXACT',
    startTimestamp: new Date(startMs).toISOString(),
    endTimestamp: new Date(endMs).toISOString(),
  }
  return gateway.ask(query, { input })
}

describe('an exact clip of the second after the last listed frame', () => {
  test('is refused because its footage is not listed yet, and says when to retry', async () => {
    const lastMs = await lastFrameMs('fast', FAST_MS)
    expect(await requestExact('fast', lastMs + 200, lastMs + 900)).toEqual({
      data: {
        requestClip: {
          clip: null,
          issues: expect.arrayContaining([{ code: 'FOOTAGE_NOT_YET_LISTED', severity: 'ERROR', retryAfterMs: expect.any(Number) }]),
        },
      },
      extensions: expect.anything(),
    })
    const { data } = await requestExact('fast', lastMs + 200, lastMs + 900)
    expect(JSON.stringify(data)).not.toContain('NO_FRAGMENTS')
  })

  test('is refused as having no footage when it is too old to be listed late', async () => {
    const lastMs = await lastFrameMs('old', OLD_MS)
    const { data } = await requestExact('old', lastMs + 200, lastMs + 900)
    expect(data).toMatchObject({ requestClip: { clip: null, issues: [{ code: 'NO_FRAGMENTS', severity: 'ERROR' }] } })
    expect(JSON.stringify(data)).not.toContain('FOOTAGE_NOT_YET_LISTED')
  })
})
