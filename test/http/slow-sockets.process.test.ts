import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { MAX_ANSWER_BYTES } from '../../src/graphql/answer-bytes.js'
import { FAKE_CLIP_ID } from '../support/fake-clips.js'
import { RawSocket } from '../support/graphql-socket.js'
import { type SmallGateway, startSmallHarness } from '../support/small-gateway.js'

// Clips with 9,900 gaps, and a process with 128 MB of heap.

const RANGES = '{ startTimestamp endTimestamp durationMs }'
const INPUT = '{ streamName: "camera-01", startTimestamp: "2023-11-14T22:15:00Z", endTimestamp: "2023-11-14T22:16:00Z" }'
const LIMITS = '{ limits { maxRangeHours } }'
let gateway: SmallGateway

beforeAll(async () => {
  gateway = await startSmallHarness(128)
}, 60_000)
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
})

function repeat(count: number, alias: string, field: string): string {
  return Array.from({ length: count }, (_, index) => `${alias}${index}: ${field}`).join(' ')
}

async function post(query: string): Promise<unknown> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${gateway.url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) })
  return response.json()
}

async function countActive(): Promise<number> {
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text()
  return Number(/clipgate_graphql_subscriptions_active (\d+)/.exec(metrics)?.[1])
}

function watch(fields: string): object {
  return { query: `subscription { clipProgress(id: "${FAKE_CLIP_ID}") { ${fields} } }` }
}

test('timelines and gaps of clips, multiplied by aliases and fragments, are stopped at 16 MiB', async () => {
  const fields = `${repeat(30, 't', `timeline { mediaStartMs range ${RANGES} }`)} ${repeat(30, 'g', `gaps ${RANGES}`)}`
  const query = `mutation { requestClips(inputs: [${INPUT}, ${INPUT}, ${INPUT}]) { clip { ...A } b: clip { ...A } } } fragment A on Clip { ${fields} }`
  const largest = 'requestClips\\.(clip|b)\\.[tg]\\d+'
  const message = expect.stringMatching(`limit of ${MAX_ANSWER_BYTES} bytes. Its largest field is ${largest}, with \\d+ bytes`)
  expect(await post(query)).toMatchObject({ data: null, errors: [{ message, extensions: { code: 'BAD_USER_INPUT' } }] })
}, 60_000)

describe('WebSockets', () => {
  test('send no result that is larger than their buffer', async () => {
    const socket = await RawSocket.connect(gateway.url)
    socket.subscribe('1', watch(`timeline { mediaStartMs range ${RANGES} } gaps ${RANGES}`))
    const { payload } = await socket.until('next', '1')
    expect(payload).toMatchObject({ data: null, errors: [{ message: expect.stringContaining('largest field is clipProgress.') }] })
    await socket.until('complete', '1')
    socket.socket.close()
  }, 60_000)

  test('whose clients do not read are closed, and the process continues', async () => {
    const sockets = await Promise.all(Array.from({ length: 12 }, () => RawSocket.connect(gateway.url)))
    for (const { socket } of sockets) socket.pause()
    for (const socket of sockets) {
      for (let index = 0; index < 40; index += 1) socket.subscribe(String(index), watch(`timeline { ${'a'.repeat(60)}: mediaStartMs }`))
    }
    // Clips stay FETCHING: a subscription ends only with its socket.
    while ((await countActive()) === 0) await wait(50)
    while ((await countActive()) > 0) await wait(50)
    expect(gateway.child.exitCode).toBeNull()
    expect(await post(LIMITS)).toMatchObject({ data: { limits: { maxRangeHours: 24 } } })
  }, 240_000)
})
