import { describe, expect, test } from '@jest/globals'
import { awsEnvironment } from '../support/aws-cli.js'
import { readFixture } from '../support/fixtures.js'
import { footage, recording, VIDEO } from '../support/footage.js'
import { type KvsTestServer, startKvsTestServer, TEST_CREDENTIALS } from '../support/kvs-test-server.js'
import { bytesOf } from '../support/mkv-builder.js'
import { findPeer, runProgram } from '../support/peer-programs.js'
import { upload } from '../support/producer.js'

const START = 1_767_323_045

const STREAMS = [
  { name: 'annex-b', hours: 24, body: recording([footage(0)], [{ ...VIDEO, codecPrivate: bytesOf(0, 0, 0, 1, 0x67, 1) }]) },
  { name: 'cam', hours: 24, body: readFixture('h264-aac.mkv') },
  { name: 'live-only', hours: 0, body: recording([footage(0)]) },
  { name: 'vp9', hours: 24, body: recording([footage(0)], [{ ...VIDEO, codecId: 'V_VP9' }]) },
]

async function startWithStreams(): Promise<KvsTestServer> {
  const kvs = await startKvsTestServer()
  for (const { name, hours, body } of STREAMS) {
    await kvs.post('/createStream', { StreamName: name, DataRetentionInHours: hours })
    await upload(kvs.url, body, { stream: name, start: String(START) })
  }
  return kvs
}

async function runScript(kvs: KvsTestServer, env: Record<string, string> = {}): Promise<void> {
  const { path, version } = await findPeer('python3')
  process.stderr.write(`${version} (${path})\n`)
  const url = { KVS_URL: kvs.url, KVS_START: String(START), PYTHONDONTWRITEBYTECODE: '1' }
  const outcome = await runProgram(path, ['test/peers/boto3_clients.py', '-v'], {
    env: { ...awsEnvironment(TEST_CREDENTIALS), ...url, ...env },
  })
  // unittest prints everything to stderr.
  expect(outcome.code === 0 ? '' : outcome.stderr).toBe('')
}

describe('boto3', () => {
  test('works with its clients, paginators and error classes', async () => {
    await using kvs = await startWithStreams()
    await runScript(kvs)
  })

  test('works with signatures, and is refused with an unknown key', async () => {
    await using plain = await startWithStreams()
    await plain.server.close()
    await using kvs = await startKvsTestServer({ dataDir: plain.dataDir, accessKeys: [TEST_CREDENTIALS] })
    await runScript(kvs, { KVS_SIGNED: '1' })
  })
})
