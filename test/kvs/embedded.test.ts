import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { ListedFragment } from '../../src/domain/listed-fragment.js'
import { createKvs, type Kvs } from '../../src/kvs/kvs.js'
import type { KvsTarget } from '../../src/kvs/kvs-target.js'
import type { StreamDescription } from '../../src/kvs/ports.js'
import { PutMediaClient } from '../../src/kvs/put-media-client.js'
import { readFixture } from '../support/fixtures.js'
import { enoughTime } from '../support/kvs-for-test.js'
import { type KvsTestServer, startKvsTestServer, TEST_CREDENTIALS } from '../support/kvs-test-server.js'
import { toLiveForm } from '../support/mkv-builder.js'

const FIXTURE = 'h264-aac.mkv'
const HOUR_MS = 3_600_000

let embedded: KvsTestServer
let kvs: Kvs
let stream: StreamDescription
let fragments: readonly ListedFragment[]

/** The gateway's adapters and the embedded server, with nothing between them but the wire, and every request signed. */
beforeAll(async () => {
  embedded = await startKvsTestServer({ accessKeys: [TEST_CREDENTIALS], quotas: true })
  const target: KvsTarget = { backend: 'embedded', endpoint: embedded.url, accessKey: TEST_CREDENTIALS }
  kvs = createKvs({ target })
  const client = new PutMediaClient(target)
  await client.upload(
    {
      streamName: 'dock-3',
      media: Readable.from([toLiveForm(readFixture(FIXTURE))]),
      timecodeType: 'RELATIVE',
      producerStartMs: 1_790_000_000_000,
      createStream: { dataRetentionInHours: 24, mediaType: 'video/h264,audio/aac' },
    },
    enoughTime(),
  )
  client.close()
  const found = await kvs.streams.find({ name: 'dock-3' }, enoughTime())
  if (found === null) throw new Error('the stream was not made')
  stream = found
  fragments = await kvs.fragments.list(query(), enoughTime())
})
afterAll(async () => {
  kvs.close()
  await embedded[Symbol.asyncDispose]()
})

function query() {
  const now = Date.now()
  return { streamArn: stream.arn, fragmentSelectorType: 'SERVER_TIMESTAMP' as const, range: { startMs: now - HOUR_MS / 2, endMs: now } }
}

/** From the first listed fragment to the last: inside the stream's life. */
function footage() {
  const times = fragments.map(({ serverTimestampMs }) => serverTimestampMs)
  return { ...query(), range: { startMs: Math.min(...times) - 1, endMs: Math.max(...times) + 1 } }
}

async function readAll(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of bytes) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}

describe('the adapters on the embedded server', () => {
  test('find the stream by name, by ARN and in the list', async () => {
    expect(stream).toMatchObject({ name: 'dock-3', status: 'ACTIVE', mediaType: 'video/h264,audio/aac', dataRetentionInHours: 24 })
    expect(await kvs.streams.find({ arn: stream.arn }, enoughTime())).toEqual(stream)
    expect(await kvs.streams.list({ limit: 5, namePrefix: 'dock' }, enoughTime())).toEqual({ streams: [stream], hasMore: false })
    expect(await kvs.streams.find({ name: 'none' }, enoughTime())).toBeNull()
    expect(await kvs.streams.tags({ arn: stream.arn }, enoughTime())).toEqual([])
    expect(await kvs.streams.tags({ name: 'none' }, enoughTime())).toBeNull()
  })

  test('list the uploaded fragments, by both clocks', async () => {
    expect(fragments.length).toBeGreaterThan(0)
    const range = { startMs: 1_790_000_000_000, endMs: 1_790_000_000_000 + HOUR_MS }
    const byProducer = await kvs.fragments.list({ ...query(), fragmentSelectorType: 'PRODUCER_TIMESTAMP', range }, enoughTime())
    expect(byProducer.map(({ fragmentNumber }) => fragmentNumber)).toEqual(fragments.map(({ fragmentNumber }) => fragmentNumber))
  })

  test('get a complete clip', async () => {
    await new Promise((resolve) => setTimeout(resolve, 5))
    const clip = await kvs.clips.getClip(footage(), enoughTime())
    const bytes = await readAll(clip.bytes)
    expect(clip.sizeBytes).toBe(bytes.length)
    expect(bytes.subarray(4, 8).toString('latin1')).toBe('ftyp')
  })

  test('distinguish missing footage from a missing stream', async () => {
    const { startMs } = footage().range
    const empty = { ...footage(), fragmentSelectorType: 'PRODUCER_TIMESTAMP' as const, range: { startMs: startMs - 10, endMs: startMs } }
    await expect(kvs.clips.getClip(empty, enoughTime())).rejects.toMatchObject({ refusal: 'NO_FRAGMENTS' })
    const nobody = { ...footage(), streamArn: stream.arn.replace('dock-3', 'dock-4') }
    await expect(kvs.clips.getClip(nobody, enoughTime())).rejects.toMatchObject({ refusal: 'STREAM_NOT_FOUND' })
    await expect(kvs.fragments.list(nobody, enoughTime())).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  test('are denied with an unknown access key', async () => {
    const accessKey = { ...TEST_CREDENTIALS, secretAccessKey: 'another-secret' }
    const stranger = createKvs({ target: { backend: 'embedded', endpoint: embedded.url, accessKey } })
    await expect(stranger.streams.find({ name: 'dock-3' }, enoughTime())).rejects.toMatchObject({ code: 'KVS_ACCESS_DENIED' })
    stranger.close()
  })

  test('stay within the quota when they list many fragments', async () => {
    const pages = await Promise.all(
      Array.from({ length: 15 }, (_, index) =>
        kvs.fragments.list({ ...query(), range: { startMs: index, endMs: Date.now() }, expected: 1000 }, enoughTime()),
      ),
    )
    expect(pages.every((page) => page.length === fragments.length)).toBe(true)
  })
})
