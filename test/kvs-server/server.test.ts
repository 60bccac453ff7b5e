import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { CreateStreamCommand, DescribeStreamCommand } from '@aws-sdk/client-kinesis-video'
import { expect, test } from '@jest/globals'
import { buildKvsServer } from '../../src/kvs-server/server.js'
import { startKvsTestServer } from '../support/kvs-test-server.js'

test('streams, tags and versions persist across a restart', async () => {
  await using first = await startKvsTestServer()
  const { StreamARN } = await first.control.send(new CreateStreamCommand({ StreamName: 'dock', DataRetentionInHours: 5, Tags: { a: '1' } }))
  const before = await first.control.send(new DescribeStreamCommand({ StreamName: 'dock' }))
  await first.server.close()
  await using second = await startKvsTestServer({ dataDir: first.dataDir })
  const after = await second.control.send(new DescribeStreamCommand({ StreamARN }))
  expect(after.StreamInfo).toEqual(before.StreamInfo)
})

test('close ends idle connections at once, and an active upload before the grace period ends', async () => {
  await using kvs = await startKvsTestServer()
  await kvs.control.send(new CreateStreamCommand({ StreamName: 'dock', DataRetentionInHours: 1 }))
  const upload = request(`${kvs.url}/putMedia`, {
    method: 'POST',
    headers: {
      'x-amzn-stream-name': 'dock',
      'x-amzn-fragment-timecode-type': 'RELATIVE',
      'x-amzn-producer-start-timestamp': '1790000000.5',
    },
  })
  upload.on('error', () => {})
  upload.flushHeaders()
  const [answer] = await once(upload, 'response')
  expect(answer.statusCode).toBe(200)
  answer.on('error', () => {}).resume()
  await kvs.server.close({ graceMs: 3_600_000 })
})

test('an upload that expects 100-continue is told to continue', async () => {
  await using kvs = await startKvsTestServer()
  await kvs.control.send(new CreateStreamCommand({ StreamName: 'dock', DataRetentionInHours: 1 }))
  const upload = request(`${kvs.url}/putMedia`, {
    method: 'POST',
    headers: { 'x-amzn-stream-name': 'dock', 'x-amzn-fragment-timecode-type': 'ABSOLUTE', expect: '100-continue' },
  })
  const answered = once(upload, 'response')
  upload.flushHeaders()
  await once(upload, 'continue')
  upload.end()
  const [answer] = await answered
  expect(answer.statusCode).toBe(200)
  answer.resume()
  await once(answer, 'end')
})

test('a refused upload gets its error although it continues to send', async () => {
  await using kvs = await startKvsTestServer()
  const upload = request(`${kvs.url}/putMedia`, {
    method: 'POST',
    headers: { 'x-amzn-stream-name': 'nowhere', 'x-amzn-fragment-timecode-type': 'ABSOLUTE' },
  })
  upload.on('error', () => {})
  const sending = setInterval(() => upload.write(Buffer.alloc(100_000)), 5)
  // A write may fail before the response is read, so `once`, which rejects on an error, is not used.
  const answer = await new Promise<IncomingMessage>((resolve) => upload.on('response', resolve))
  expect([answer.statusCode, answer.headers['x-amzn-errortype']]).toEqual([404, 'ResourceNotFoundException'])
  answer.on('error', () => {}).resume()
  await once(upload, 'close')
  clearInterval(sending)
})

test('a server that never listened can be closed', async () => {
  await using kvs = await startKvsTestServer()
  const unheard = await buildKvsServer({ dataDir: `${kvs.dataDir}/other`, port: 0 })
  await unheard.close()
})

test('a second server over the same folder is refused with a one-sentence error, and the first continues', async () => {
  await using first = await startKvsTestServer()
  await first.control.send(new CreateStreamCommand({ StreamName: 'dock' }))
  await expect(buildKvsServer({ dataDir: first.dataDir, port: 0 })).rejects.toThrow(
    `The folder ${first.dataDir} is in use by another embedded KVS. Stop that one, or choose another DATA_DIR.`,
  )
  await expect(first.control.send(new DescribeStreamCommand({ StreamName: 'dock' }))).resolves.toMatchObject({ StreamInfo: {} })
  await first.server.close()
  await using second = await startKvsTestServer({ dataDir: first.dataDir })
  await expect(second.control.send(new DescribeStreamCommand({ StreamName: 'dock' }))).resolves.toMatchObject({ StreamInfo: {} })
})

test('a folder that could not be opened is released', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'clipgate-kvs-'))
  await writeFile(join(dataDir, 'index.sqlite'), 'this is no database, whatever its name says'.repeat(100))
  await expect(buildKvsServer({ dataDir, port: 0 })).rejects.toThrow('file is not a database')
  await rm(join(dataDir, 'index.sqlite'))
  await using kvs = await startKvsTestServer({ dataDir })
  await expect(kvs.control.send(new CreateStreamCommand({ StreamName: 'dock' }))).resolves.toMatchObject({})
})

test('a stream whose tags cannot be stored is not created, and tags are stored together or not at all', async () => {
  await using kvs = await startKvsTestServer()
  const index = new DatabaseSync(join(kvs.dataDir, 'index.sqlite'))
  index.exec(`CREATE TRIGGER full_disk BEFORE INSERT ON stream_tags WHEN NEW.key = 'b' BEGIN SELECT RAISE(ABORT, 'full'); END`)
  index.close()
  const refused = await kvs.post('/createStream', { StreamName: 'dock', Tags: { a: '1', b: '2' } })
  expect([refused.status, (await kvs.post('/describeStream', { StreamName: 'dock' })).status]).toEqual([500, 404])
  await kvs.control.send(new CreateStreamCommand({ StreamName: 'dock', Tags: { z: '0' } }))
  expect((await kvs.post('/tagStream', { StreamName: 'dock', Tags: { a: '1', b: '2' } })).status).toBe(500)
  expect(await (await kvs.post('/listTagsForStream', { StreamName: 'dock' })).json()).toMatchObject({ Tags: { z: '0' } })
})
