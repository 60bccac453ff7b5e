import { PassThrough } from 'node:stream'
import { describe, expect, test } from '@jest/globals'
import { KvsMetrics } from '../../../src/kvs-server/operations/kvs-metrics.js'
import { createPutMedia } from '../../../src/kvs-server/operations/put-media.js'
import { Quotas } from '../../../src/kvs-server/quotas/quotas.js'
import { openTestArchive } from '../../support/archive-for-test.js'
import { footage, header, recording } from '../../support/footage.js'
import { type KvsTestServer, startKvsTestServer } from '../../support/kvs-test-server.js'
import { concatBytes } from '../../support/mkv-builder.js'
import { Producer, upload } from '../../support/producer.js'

async function startWithStream(hours = 24): Promise<KvsTestServer> {
  const kvs = await startKvsTestServer()
  await kvs.post('/createStream', { StreamName: 'cam', DataRetentionInHours: hours })
  return kvs
}

interface Listed {
  readonly Fragments: readonly { readonly ProducerTimestamp: number; readonly FragmentNumber: string }[]
}

async function listProducerTimes(kvs: KvsTestServer): Promise<number[]> {
  const TimestampRange = { StartTimestamp: 0, EndTimestamp: 9_000_000_000 }
  const answer = await kvs.post('/listFragments', {
    StreamName: 'cam',
    FragmentSelector: { FragmentSelectorType: 'PRODUCER_TIMESTAMP', TimestampRange },
  })
  const { Fragments }: Listed = JSON.parse(await answer.text())
  return Fragments.map(({ ProducerTimestamp }) => ProducerTimestamp)
}

describe('PutMedia', () => {
  test('answers 200 as soon as the headers are accepted, and acknowledges while the body continues', async () => {
    await using kvs = await startWithStream()
    const producer = new Producer(kvs.url, { stream: 'cam' })
    await producer.send(concatBytes(header(), footage(0)))
    const buffering = await producer.until('BUFFERING')
    const persisted = await producer.until('PERSISTED')
    expect(persisted).toEqual({ EventType: 'PERSISTED', FragmentTimecode: 0, FragmentNumber: buffering.FragmentNumber })
    await producer.send(footage(1000))
    expect(await producer.finish()).toHaveLength(6)
    expect((await producer.answer).status).toBe(200)
  })

  test('adds relative timecodes to the start header, which is a decimal number, and uses absolute timecodes unchanged', async () => {
    await using kvs = await startWithStream()
    // 5 ms as AWS's C producer writes them: without zero padding, which means half a second.
    await upload(kvs.url, recording([footage(250)]), { stream: 'cam', start: '1700000000.5' })
    await upload(kvs.url, recording([footage(1_800_000_000_123)]), { stream: 'cam', timecodes: 'ABSOLUTE' })
    // As AWS writes times.
    await upload(kvs.url, recording([footage(0)]), { stream: 'cam', start: '1.900000045678E9' })
    expect(await listProducerTimes(kvs)).toEqual([1_700_000_000.75, 1_800_000_000.123, 1_900_000_045.678])
  })

  test.each([
    ['no stream', { 'x-amzn-stream-name': '' }, 400, 'InvalidArgumentException'],
    ['a stream that is not there', { 'x-amzn-stream-name': 'other' }, 404, 'ResourceNotFoundException'],
    [
      'a name and an ARN',
      { 'x-amzn-stream-arn': 'arn:aws:kinesisvideo:us-east-1:000000000000:stream/cam/1' },
      400,
      'InvalidArgumentException',
    ],
    ['an unknown timecode type', { 'x-amzn-fragment-timecode-type': 'absolute' }, 400, 'InvalidArgumentException'],
    ['a start that is no number', { 'x-amzn-producer-start-timestamp': 'yesterday' }, 400, 'InvalidArgumentException'],
    ['a start in the year 10000', { 'x-amzn-producer-start-timestamp': '253402300800' }, 400, 'InvalidArgumentException'],
  ])('refuses %s before it reads the body', async (_, headers, status, type) => {
    await using kvs = await startWithStream()
    const producer = new Producer(kvs.url, { stream: 'cam', headers: Object.fromEntries(Object.entries(headers)) })
    await expect(producer.answer).resolves.toMatchObject({ status, type })
    producer.breakOff()
  })

  test('accepts one producer for each stream at a time', async () => {
    await using kvs = await startWithStream()
    const first = new Producer(kvs.url, { stream: 'cam' })
    await first.send(concatBytes(header(), footage(0)))
    await first.until('BUFFERING')
    const second = new Producer(kvs.url, { stream: 'cam' })
    await expect(second.answer).resolves.toMatchObject({ status: 400, type: 'ConnectionLimitExceededException' })
    second.breakOff()
    await first.finish()
    const third = await upload(kvs.url, recording([footage(9000)]), { stream: 'cam' })
    expect(third.at(-1)?.EventType).toBe('PERSISTED')
  })

  test('drops the fragment that a broken connection cut off, and accepts the producer again', async () => {
    await using kvs = await startWithStream()
    const producer = new Producer(kvs.url, { stream: 'cam' })
    await producer.send(concatBytes(header(), footage(0), footage(1000).subarray(0, 70)))
    await producer.until('PERSISTED')
    producer.breakOff()
    await expect(producer.answer).rejects.toThrow()
    for (let tries = 0; tries < 50; tries += 1) {
      const again = new Producer(kvs.url, { stream: 'cam' })
      await again.send(recording([footage(5000)])).catch(() => {})
      again.request.end()
      if ((await again.answer).status === 200) break
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    expect(await listProducerTimes(kvs)).toEqual([1_700_000_000, 1_700_000_005])
  })

  test('reports malformed media and ends, and keeps the earlier fragments', async () => {
    await using kvs = await startWithStream()
    const acks = await upload(kvs.url, concatBytes(recording([footage(0)]), new Uint8Array(100)), { stream: 'cam' })
    expect(acks.at(-1)).toMatchObject({ EventType: 'ERROR', ErrorId: 4006, ErrorCode: 'INVALID_MKV_DATA' })
    expect(await listProducerTimes(kvs)).toEqual([1_700_000_000])
  })

  test('sends IDLE while nothing arrives, completes the last fragment, and closes in the end', async () => {
    await using archive = await openTestArchive()
    archive.createStream('cam')
    const putMedia = createPutMedia({ pauseMs: 10, idleMs: 40, closeMs: 100 })
    const body = new PassThrough()
    const lines: object[] = []
    body.write(concatBytes(header(), footage(0)))
    await putMedia(
      {
        headers: { 'x-amzn-stream-name': 'cam', 'x-amzn-fragment-timecode-type': 'ABSOLUTE' },
        body,
        requestId: 'r',
        signal: new AbortController().signal,
        baseUrl: 'http://127.0.0.1',
      },
      {
        archive: archive.archive,
        streams: archive.streams,
        clock: archive.clock,
        quotas: new Quotas({ clock: archive.clock, enabled: true }),
        metrics: new KvsMetrics({ operations: [], mediaOperations: [] }),
        closing: new AbortController().signal,
      },
      { accept: () => lines.push({ status: 200 }), acknowledge: (line) => lines.push(line), report: () => {} },
    )
    const said = lines.map((line) => ('EventType' in line ? line.EventType : line))
    // The disk decides when the fragment is safe, so IDLE may be sent before or after PERSISTED.
    expect(said.filter((type) => type !== 'IDLE')).toEqual([{ status: 200 }, 'BUFFERING', 'RECEIVED', 'PERSISTED'])
    expect(said.indexOf('IDLE')).toBeGreaterThan(said.indexOf('RECEIVED'))
  })
})
