import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { CreateStreamCommand, DeleteStreamCommand, GetDataEndpointCommand, KinesisVideoClient } from '@aws-sdk/client-kinesis-video'
import {
  ClientLimitExceededException,
  type ClipFragmentSelector,
  GetClipCommand,
  GetMediaForFragmentListCommand,
  InvalidArgumentException,
  InvalidCodecPrivateDataException,
  InvalidMediaFrameException,
  KinesisVideoArchivedMediaClient,
  ListFragmentsCommand,
  MissingCodecPrivateDataException,
  NoDataRetentionException,
  paginateListFragments,
  ResourceNotFoundException,
  UnsupportedStreamMediaTypeException,
} from '@aws-sdk/client-kinesis-video-archived-media'
import { ConnectionLimitExceededException, GetMediaCommand, KinesisVideoMediaClient } from '@aws-sdk/client-kinesis-video-media'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { KvsServerOptions } from '../../src/kvs-server/server.js'
import { readFixture } from '../support/fixtures.js'
import { footage, recording, VIDEO } from '../support/footage.js'
import { type KvsTestServer, startKvsTestServer, TEST_CREDENTIALS } from '../support/kvs-test-server.js'
import { bytesOf, cluster, simpleBlock } from '../support/mkv-builder.js'
import { upload } from '../support/producer.js'

const START = 1_767_323_045

/** The three clients as a program creates them: the data clients use the address that the control plane returns. */
interface Clients extends AsyncDisposable {
  readonly kvs: KvsTestServer
  readonly control: KinesisVideoClient
  readonly archived: KinesisVideoArchivedMediaClient
  readonly media: KinesisVideoMediaClient
  createStream(name: string, body: Uint8Array, hours?: number): Promise<string>
}

async function start(options: Partial<KvsServerOptions> = {}): Promise<Clients> {
  const kvs = await startKvsTestServer({ accessKeys: [TEST_CREDENTIALS], ...options })
  const config = { endpoint: kvs.url, region: 'eu-west-1', credentials: { ...TEST_CREDENTIALS, sessionToken: 'a-session' } }
  const control = new KinesisVideoClient(config)
  await control.send(new CreateStreamCommand({ StreamName: 'endpoint' }))
  const { DataEndpoint } = await control.send(new GetDataEndpointCommand({ StreamName: 'endpoint', APIName: 'GET_CLIP' }))
  const data = { ...config, ...(DataEndpoint === undefined ? {} : { endpoint: DataEndpoint }) }
  const archived = new KinesisVideoArchivedMediaClient(data)
  const media = new KinesisVideoMediaClient(data)
  return {
    kvs,
    control,
    archived,
    media,
    async createStream(name, body, hours = 24) {
      const { StreamARN = '' } = await control.send(new CreateStreamCommand({ StreamName: name, DataRetentionInHours: hours }))
      await upload(kvs.url, body, { stream: name, start: String(START) })
      return StreamARN
    },
    async [Symbol.asyncDispose]() {
      for (const client of [control, archived, media]) client.destroy()
      await kvs[Symbol.asyncDispose]()
    },
  }
}

function span(fromMs: number, toMs: number): ClipFragmentSelector {
  const TimestampRange = { StartTimestamp: new Date(START * 1000 + fromMs), EndTimestamp: new Date(START * 1000 + toMs) }
  return { FragmentSelectorType: 'PRODUCER_TIMESTAMP', TimestampRange }
}

const MINUTE = span(0, 60_000)
const annexB = cluster(0, [simpleBlock({ track: 1, time: 0, isKey: true, payload: bytesOf(0, 0, 0, 1, 0x65, 1, 2) })])

// The uploads of the tests are unsigned, because these servers require no signature.
const OPEN = { accessKeys: [] }

describe('the SDK for JavaScript', () => {
  let clients: Clients
  beforeAll(async () => {
    clients = await start(OPEN)
    await clients.createStream('cam', readFixture('h264-aac.mkv'))
    await clients.createStream('vp9', recording([footage(0)], [{ ...VIDEO, codecId: 'V_VP9' }]))
    await clients.createStream('bare', recording([footage(0)], [{ number: 1, video: { width: 64, height: 48 } }]))
    await clients.createStream('annex-b', recording([footage(0)], [{ ...VIDEO, codecPrivate: bytesOf(0, 0, 0, 1, 0x67, 1) }]))
    await clients.createStream('annex-b-frames', recording([annexB]))
    await clients.createStream('live-only', recording([footage(0)]), 0)
  })
  afterAll(async () => {
    await clients[Symbol.asyncDispose]()
  })

  test('gets a clip with its type and its length', async () => {
    const { Payload, ContentType, $metadata } = await clients.archived.send(
      new GetClipCommand({ StreamName: 'cam', ClipFragmentSelector: MINUTE }),
    )
    const bytes = (await Payload?.transformToByteArray()) ?? new Uint8Array(0)
    expect([ContentType, $metadata.httpStatusCode, Buffer.from(bytes.subarray(4, 8)).toString()]).toEqual(['video/mp4', 200, 'ftyp'])
    expect($metadata.requestId).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('lists fragments through its paginator, with dates to the millisecond', async () => {
    const pages = paginateListFragments({ client: clients.archived, pageSize: 3 }, { StreamName: 'cam', FragmentSelector: MINUTE })
    const fragments = []
    for await (const { Fragments = [] } of pages) fragments.push(...Fragments)
    expect(fragments).toHaveLength(4)
    const starts = fragments.map(({ ProducerTimestamp }) => (ProducerTimestamp?.getTime() ?? 0) - START * 1000)
    expect(starts.map((ms) => Math.round(ms / 1000))).toEqual([0, 1, 2, 3])
    expect(fragments.every(({ ServerTimestamp }) => Math.abs((ServerTimestamp?.getTime() ?? 0) - Date.now()) < 60_000)).toBe(true)
    expect(fragments.every(({ FragmentNumber = '' }) => /^\d{47}$/.test(FragmentNumber))).toBe(true)
  })

  test.each([
    ['cam', span(600_000, 700_000), ResourceNotFoundException],
    ['none', MINUTE, ResourceNotFoundException],
    ['cam', span(60_000, 0), InvalidArgumentException],
    ['cam', span(0, Number.NaN), InvalidArgumentException],
    ['live-only', MINUTE, NoDataRetentionException],
    ['vp9', MINUTE, UnsupportedStreamMediaTypeException],
    ['bare', MINUTE, MissingCodecPrivateDataException],
    ['annex-b', MINUTE, InvalidCodecPrivateDataException],
    ['annex-b-frames', MINUTE, InvalidMediaFrameException],
  ])('throws for a clip of %s the class of its error', async (StreamName, ClipFragmentSelector, type) => {
    const thrown = await clients.archived.send(new GetClipCommand({ StreamName, ClipFragmentSelector })).catch((error: unknown) => error)
    expect(thrown).toBeInstanceOf(type)
    expect(thrown).toMatchObject({ name: type.name, message: expect.stringMatching(/./), $fault: 'client' })
  })

  test('follows media from the earliest fragment on, and stops', async () => {
    const command = new GetMediaCommand({ StreamName: 'cam', StartSelector: { StartSelectorType: 'EARLIEST' } })
    const { Payload, ContentType } = await clients.media.send(command)
    expect(ContentType).toBe('video/webm')
    expect(await firstBytes(Payload)).toEqual(Buffer.from([0x1a, 0x45, 0xdf, 0xa3]))
  })
})

async function firstBytes(payload: unknown): Promise<Buffer> {
  if (!(payload instanceof Readable)) throw new Error('no body')
  // Leaving the loop destroys the body, and with it the connection.
  for await (const chunk of payload) return Buffer.from(chunk).subarray(0, 4)
  return Buffer.alloc(0)
}

describe('a body that is destroyed half way', () => {
  test('frees its resources on the server: the files of a deleted stream are removed', async () => {
    await using clients = await start(OPEN)
    // More than the socket buffers take, so that the server is in the middle of it.
    const StreamARN = await clients.createStream('cam', recording([0, 1000, 2000].map((ticks) => footage(ticks, { bytes: 2_000_000 }))))
    const clip = await clients.archived.send(new GetClipCommand({ StreamName: 'cam', ClipFragmentSelector: MINUTE }))
    const { Fragments = [] } = await clients.archived.send(new ListFragmentsCommand({ StreamName: 'cam', FragmentSelector: MINUTE }))
    const numbers = Fragments.map(({ FragmentNumber = '' }) => FragmentNumber)
    const list = await clients.archived.send(new GetMediaForFragmentListCommand({ StreamName: 'cam', Fragments: numbers }))
    await clients.control.send(new DeleteStreamCommand({ StreamARN }))
    await clients.kvs.server.archive.sweep()
    expect(await storedFiles(clients.kvs)).toBe(3)

    await firstBytes(clip.Payload)
    await firstBytes(list.Payload)
    while ((await storedFiles(clients.kvs)) > 0) {
      await new Promise((resolve) => setTimeout(resolve, 20))
      await clients.kvs.server.archive.sweep()
    }
  })

  test('frees its connection: GetMedia allows three for each stream', async () => {
    await using clients = await start({ ...OPEN, quotas: true })
    await clients.createStream('cam', recording([footage(0)]))
    const follow = () => clients.media.send(new GetMediaCommand({ StreamName: 'cam', StartSelector: { StartSelectorType: 'EARLIEST' } }))
    const bodies = [await follow(), await follow(), await follow()]
    await expect(follow()).rejects.toThrow(ConnectionLimitExceededException)
    await firstBytes(bodies[0]?.Payload)
    for (;;) {
      const again = await follow().catch((error: unknown) => error)
      if (!(again instanceof Error)) break
      expect(['ConnectionLimitExceededException', 'ClientLimitExceededException']).toContain(again.name)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  })
})

async function storedFiles({ dataDir }: KvsTestServer): Promise<number> {
  const entries = await readdir(join(dataDir, 'fragments'), { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).length
}

test('exhausted quota points throw the class that the SDK does not retry', async () => {
  await using clients = await start({ ...OPEN, quotas: true })
  await clients.createStream('cam', recording([footage(0)]))
  const list = () => clients.archived.send(new ListFragmentsCommand({ StreamName: 'cam', MaxResults: 1000, FragmentSelector: MINUTE }))
  const outcomes = await Promise.all(Array.from({ length: 60 }, () => list().catch((error: unknown) => error)))
  const refused = outcomes.filter((outcome) => outcome instanceof ClientLimitExceededException)
  expect(refused.length).toBeGreaterThanOrEqual(1)
  expect(refused.every((error) => error.$metadata.attempts === 1)).toBe(true)
})
