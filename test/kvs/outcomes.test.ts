import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { createKvs, type Kvs } from '../../src/kvs/kvs.js'
import { enoughTime } from '../support/kvs-for-test.js'
import { STREAM_ARN } from '../support/kvs-wire-rows.js'
import { KvsWireStub, refuse } from '../support/kvs-wire-stub.js'

let stub: KvsWireStub
let kvs: Kvs
const outcomes: string[] = []

beforeEach(async () => {
  outcomes.length = 0
  stub = await new KvsWireStub().listen()
  kvs = createKvs({
    target: { backend: 'embedded', endpoint: stub.url, accessKey: null },
    isPaced: false,
    listener: { onRequest: ({ outcome }) => void outcomes.push(outcome), onBytes: () => undefined, onPause: () => undefined },
    warn: () => undefined,
  })
})
afterEach(async () => {
  kvs.close()
  await stub.close()
})

async function outcomeOf(status: number, name: string): Promise<string | undefined> {
  stub.on('/listTagsForStream', (_, response) => refuse(response, status, name, 'no'))
  await expect(kvs.streams.tags({ arn: STREAM_ARN }, enoughTime())).rejects.toThrow()
  return outcomes.at(-1)
}

test.each(['AccessDeniedException', 'ExpiredTokenException', 'InvalidArgumentException'])(
  'a request is counted by the name of an exception that is known: %s',
  async (name) => {
    expect(await outcomeOf(403, name)).toBe(name)
  },
)

// A service, or what answers in its place, may name its errors as it likes. Each label would be a series of its own.
test('a request with an unknown exception is counted as other', async () => {
  const seen = new Set<string | undefined>()
  for (let index = 0; index < 20; index += 1) seen.add(await outcomeOf(400, `Invented${index}Exception`))
  for (const name of ['constructor', '__proto__', 'x'.repeat(1000), 'AccessDeniedException2']) seen.add(await outcomeOf(403, name))
  expect([...seen]).toEqual(['other'])
})

test('a response of another service, and no response, are counted as other', async () => {
  stub.on('/listTagsForStream', (_, response) => void response.writeHead(403, { 'content-type': 'text/html' }).end('<p>No</p>'))
  await expect(kvs.streams.tags({ arn: STREAM_ARN }, enoughTime())).rejects.toThrow()
  expect(outcomes.at(-1)).toBe('other')
  stub.on('/listTagsForStream', (_, response) => void response.destroy())
  await expect(kvs.streams.tags({ arn: STREAM_ARN }, enoughTime())).rejects.toThrow()
  expect(outcomes.at(-1)).toBe('other')
})
