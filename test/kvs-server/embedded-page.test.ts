import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateStreamCommand, KinesisVideoClient } from '@aws-sdk/client-kinesis-video'
import { GetClipCommand, KinesisVideoArchivedMediaClient } from '@aws-sdk/client-kinesis-video-archived-media'
import { expect, test } from '@jest/globals'
import { SETTING_NAMES } from '../../src/config/env.js'
import { buildKvsServer, type KvsServerOptions } from '../../src/kvs-server/server.js'
import { readFixture } from '../support/fixtures.js'

const page = await readFile('docs/embedded-kvs.md', 'utf8')

test('the page on the embedded server lists every setting and every option', () => {
  const options: Record<keyof KvsServerOptions, true> = {
    ...{ dataDir: true, host: true, port: true, clock: true, region: true, accountId: true },
    ...{ quotas: true, strictCodecs: true, faults: true, accessKeys: true, listDelayMs: true, logger: true },
  }
  const ofAnotherServer = ['KVS_BACKEND', 'KVS_ENDPOINT', 'KVS_DATA_ENDPOINT_SUFFIXES']
  const settings = SETTING_NAMES.filter((name) => name.startsWith('KVS_') && !ofAnotherServer.includes(name))
  expect([...settings, ...Object.keys(options)].filter((name) => !page.includes(`\`${name}\``))).toEqual([])
})

test('its code example is the code that runs here', async () => {
  const own = await readFile('test/kvs-server/embedded-page.test.ts', 'utf8')
  const example = /```ts\n(.*?)```/s.exec(page)?.[1]?.split('\n') ?? []
  const code = example.filter((line) => line !== '' && !line.startsWith('//'))
  expect(code.length).toBeGreaterThan(10)
  expect(code.filter((line) => !own.includes(line))).toEqual([])

  const dataDir = await mkdtemp(join(tmpdir(), 'clipgate-page-'))
  const matroska = Buffer.from(readFixture('h264-aac.mkv'))

  const kvs = await buildKvsServer({ dataDir, port: 0, faults: true, quotas: false })
  const endpoint = await kvs.listen()
  const settings = { endpoint, region: 'us-east-1', credentials: { accessKeyId: 'any', secretAccessKey: 'any' } }
  const control = new KinesisVideoClient(settings)
  const archived = new KinesisVideoArchivedMediaClient(settings)

  await control.send(new CreateStreamCommand({ StreamName: 'dock', DataRetentionInHours: 24 }))
  const headers = {
    'x-amzn-stream-name': 'dock',
    'x-amzn-fragment-timecode-type': 'RELATIVE',
    'x-amzn-producer-start-timestamp': '1767323045.678',
  }
  const acknowledgements = await (await fetch(`${endpoint}/putMedia`, { method: 'POST', headers, body: matroska })).text()

  const rule = { operation: 'GetClip', times: 1, fault: { kind: 'throttle' } }
  await fetch(`${endpoint}/_faults`, { method: 'POST', body: JSON.stringify(rule) })

  expect(acknowledgements).toContain('"PERSISTED"')
  const range = { StartTimestamp: new Date(1_767_323_045_678), EndTimestamp: new Date(1_767_323_100_000) }
  const clip = () =>
    archived.send(
      new GetClipCommand({
        StreamName: 'dock',
        ClipFragmentSelector: { FragmentSelectorType: 'PRODUCER_TIMESTAMP', TimestampRange: range },
      }),
    )
  await expect(clip()).rejects.toMatchObject({ name: 'ClientLimitExceededException' })
  expect((await (await clip()).Payload?.transformToByteArray())?.byteLength).toBeGreaterThan(1000)

  await kvs.close()
  control.destroy()
  archived.destroy()
  await rm(dataDir, { recursive: true, force: true })
})
