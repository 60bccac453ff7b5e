import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { pino } from 'pino'
import { parseConfig } from '../src/config/config.js'
import { buildGateway, type Gateway } from '../src/gateway.js'
import { readFixture } from './support/fixtures.js'
import { TEST_SECRETS, upload } from './support/gateway-test.js'
import { type KvsTestServer, startKvsTestServer } from './support/kvs-test-server.js'

const START_MS = Date.now() - 600_000
let kvs: KvsTestServer
let gateway: Gateway
let folder = ''
const logged: string[] = []

beforeAll(async () => {
  kvs = await startKvsTestServer({})
  await upload(kvs, { streamName: 'yard', file: readFixture('h264-aac.mkv'), producerStartMs: START_MS })
  folder = await mkdtemp(join(tmpdir(), 'clipgate-faults-'))
  const logger = pino({ level: 'error' }, { write: (line: string) => logged.push(line) })
  const config = parseConfig({ PORT: '0', KVS_QUOTAS: 'off', SHUTDOWN_GRACE_MS: '500', DATA_DIR: folder })
  gateway = await buildGateway(config, { clipUrlSecrets: TEST_SECRETS, kvsAccessKeys: [] }, { embeddedKvsUrl: kvs.url, logger })
})
afterAll(async () => {
  await gateway?.close()
  await kvs?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

test('a failure whose message points to the log is logged with its cause', async () => {
  await rm(join(folder, 'clips'), { recursive: true })
  await writeFile(join(folder, 'clips'), 'no folder')
  const query = `mutation ($input: ClipInput!) { requestClip(input: $input) { clip { failure { code message } } } }`
  const input = {
    streamName: 'yard',
    fragmentSelectorType: 'PRODUCER_TIMESTAMP',
    startTimestamp: new Date(START_MS).toISOString(),
    endTimestamp: new Date(START_MS + 60_000).toISOString(),
  }
  const answer = await gateway.app.inject({ method: 'POST', url: '/graphql', payload: { query, variables: { input } } })
  expect(answer.json().data.requestClip.clip.failure).toMatchObject({ code: 'INTERNAL' })
  expect(logged.filter((line) => line.includes('a clip could not be made'))).toHaveLength(1)
  expect(logged.join('\n')).toMatch(/ENOTDIR|EEXIST/)
})
