import type { ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { Kvs } from '../../src/kvs/kvs.js'
import type { ClipBody, ClipRequestOfKvs } from '../../src/kvs/ports.js'
import { createKvsForTest, enoughTime, HeardRequests } from '../support/kvs-for-test.js'
import { STREAM_ARN, streamInfo } from '../support/kvs-wire-rows.js'
import { KvsWireStub, refuse } from '../support/kvs-wire-stub.js'

const createdAt = 1_790_000_000_000
const HOUR = 3_600_000
const clock = { now: () => createdAt + 100 * HOUR }
let heard: HeardRequests
let stub: KvsWireStub
let kvs: Kvs

beforeEach(async () => {
  heard = new HeardRequests()
  stub = await new KvsWireStub().listen()
  stub.on('/describeStream', () => ({ StreamInfo: streamInfo() }))
  kvs = createKvsForTest(stub, { clock, listener: heard })
})
afterEach(async () => {
  kvs.close()
  await stub.close()
})

function request(overrides: Partial<ClipRequestOfKvs> = {}): ClipRequestOfKvs {
  const startMs = createdAt + 99 * HOUR
  return { streamArn: STREAM_ARN, fragmentSelectorType: 'SERVER_TIMESTAMP', range: { startMs, endMs: startMs + 10_500 }, ...overrides }
}

function getClip(overrides: Partial<ClipRequestOfKvs> = {}): Promise<ClipBody> {
  return kvs.clips.getClip(request(overrides), enoughTime())
}

/** The stub answers GetClip with a body that `write` writes. */
function answerWith(headers: Record<string, string | number>, write: (response: ServerResponse) => void): void {
  stub.on('/getClip', (_, response) => {
    response.writeHead(200, { 'content-type': 'video/mp4', ...headers })
    write(response)
    return undefined
  })
}

async function readAll({ bytes }: ClipBody): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of bytes) chunks.push(chunk)
  return Buffer.concat(chunks)
}

describe('a clip', () => {
  const media = Buffer.alloc(300_000, 'abc')

  test('has the sent bytes and length', async () => {
    answerWith({ 'content-length': media.length }, (response) => response.end(media))
    const clip = await getClip()
    expect(clip).toMatchObject({ sizeBytes: media.length })
    expect((await readAll(clip)).equals(media)).toBe(true)
    expect(heard.bytes).toBe(media.length)
    expect(heard.requests).toEqual(['GetDataEndpoint ok', 'GetClip ok'])
  })

  test('is requested by ARN, with milliseconds', async () => {
    answerWith({}, (response) => response.end(media))
    await readAll(await getClip())
    expect(stub.to('/getClip')[0]?.body).toEqual({
      StreamARN: STREAM_ARN,
      ClipFragmentSelector: {
        FragmentSelectorType: 'SERVER_TIMESTAMP',
        TimestampRange: { StartTimestamp: 1_790_356_400, EndTimestamp: 1_790_356_410.5 },
      },
    })
  })

  test('without Content-Length has no length and is complete', async () => {
    answerWith({}, (response) => response.end(media))
    const clip = await getClip()
    expect(clip.sizeBytes).toBeNull()
    expect((await readAll(clip)).length).toBe(media.length)
  })

  test('resolves with the headers, before the body', async () => {
    let finish = () => {}
    answerWith({ 'content-length': 2 }, (response) => {
      response.write('a')
      finish = () => response.end('b')
    })
    const clip = await getClip()
    finish()
    expect((await readAll(clip)).toString()).toBe('ab')
  })

  test('waits while the service throttles', async () => {
    let refusals = 2
    stub.on('/getClip', (_, response) => {
      refusals -= 1
      if (refusals >= 0) return refuse(response, 400, 'ClientLimitExceededException', 'Rate exceeded')
      response.writeHead(200, { 'content-type': 'video/mp4' }).end(media)
      return undefined
    })
    expect((await readAll(await getClip())).length).toBe(media.length)
  })
})

describe('an incomplete body', () => {
  test.each<[string, Record<string, number>, (response: ServerResponse) => void]>([
    ['is cut before its announced end', { 'content-length': 1000 }, (response) => response.write('x', () => response.destroy())],
    ['is cut between chunks', {}, (response) => response.write('x', () => response.destroy())],
  ])('throws when it %s', async (_, headers, write) => {
    answerWith(headers, write)
    const clip = await getClip()
    await expect(readAll(clip)).rejects.toMatchObject({
      code: 'KVS_UNAVAILABLE',
      message: 'The response of Kinesis Video to GetClip was incomplete.',
    })
  })

  test('throws the reason of a signal that aborts during the transfer', async () => {
    answerWith({ 'content-length': 1000 }, (response) => response.write('x'))
    const controller = new AbortController()
    const clip = await kvs.clips.getClip(request(), controller.signal)
    const read = readAll(clip)
    controller.abort(new Error('the client left'))
    await expect(read).rejects.toThrow('the client left')
  })

  test('releases its socket when the reader stops', async () => {
    answerWith({ 'content-length': 1_000_000_000 }, (response) => response.write(Buffer.alloc(100_000)))
    const before = stub.openSockets
    for await (const _ of (await getClip()).bytes) break
    for (let tries = 0; stub.openSockets > before + 1 && tries < 100; tries += 1) await delay(10)
    expect(stub.openSockets).toBeLessThanOrEqual(before + 1)
  })
})

describe('a refusal', () => {
  test.each([
    ['NoDataRetentionException', 'NO_DATA_RETENTION'],
    ['UnsupportedStreamMediaTypeException', 'UNSUPPORTED_MEDIA_TYPE'],
    ['MissingCodecPrivateDataException', 'MISSING_CODEC_PRIVATE_DATA'],
    ['InvalidCodecPrivateDataException', 'INVALID_CODEC_PRIVATE_DATA'],
    ['InvalidMediaFrameException', 'INVALID_MEDIA_FRAME'],
    ['InvalidArgumentException', 'INVALID_ARGUMENT'],
  ])('%s becomes %s', async (name, refusal) => {
    stub.on('/getClip', (_, response) => refuse(response, 400, name, 'what AWS says'))
    await expect(getClip()).rejects.toMatchObject({ name: 'ClipRefused', refusal, message: 'what AWS says', awsRequestId: 'request-1' })
  })

  test('with a message about retention means that the range is outside retention', async () => {
    stub.on('/getClip', (_, response) =>
      refuse(response, 400, 'InvalidArgumentException', 'End timestamp 1790000010500 is outside of the stream retention period.'),
    )
    await expect(getClip()).rejects.toMatchObject({ refusal: 'OUTSIDE_RETENTION' })
  })

  test('of a start before the retention period is detected without a message', async () => {
    stub.on('/getClip', (_, response) => refuse(response, 400, 'InvalidArgumentException', 'no known text'))
    const startMs = createdAt + 75 * HOUR
    await expect(getClip({ range: { startMs, endMs: startMs + 2 * HOUR } })).rejects.toMatchObject({ refusal: 'OUTSIDE_RETENTION' })
    await expect(
      getClip({ range: { startMs, endMs: startMs + 2 * HOUR }, fragmentSelectorType: 'PRODUCER_TIMESTAMP' }),
    ).rejects.toMatchObject({
      refusal: 'INVALID_ARGUMENT',
    })
  })

  test('that something is not found distinguishes four causes: no stream, no footage, expired footage, no retention', async () => {
    stub.on('/getClip', (_, response) =>
      refuse(response, 404, 'ResourceNotFoundException', 'No fragments found in the stream for the clip request.'),
    )
    const expired = { startMs: createdAt + 70 * HOUR, endMs: createdAt + 71 * HOUR }
    await expect(getClip()).rejects.toMatchObject({ refusal: 'NO_FRAGMENTS' })
    await expect(getClip({ range: expired, fragmentSelectorType: 'PRODUCER_TIMESTAMP' })).rejects.toMatchObject({
      refusal: 'OUTSIDE_RETENTION',
    })
    stub.on('/describeStream', () => ({ StreamInfo: streamInfo('dock-3', { DataRetentionInHours: 0 }) }))
    await expect(getClip()).rejects.toMatchObject({ refusal: 'NO_DATA_RETENTION' })
    stub.on('/describeStream', (_, response) => refuse(response, 404, 'ResourceNotFoundException', 'none'))
    await expect(getClip()).rejects.toMatchObject({ refusal: 'STREAM_NOT_FOUND' })
  })

  test('of the endpoint lookup means that the stream does not exist', async () => {
    stub.on('/getDataEndpoint', (_, response) => refuse(response, 404, 'ResourceNotFoundException', 'none'))
    stub.on('/describeStream', (_, response) => refuse(response, 404, 'ResourceNotFoundException', 'none'))
    await expect(getClip()).rejects.toMatchObject({ refusal: 'STREAM_NOT_FOUND' })
  })

  test('that is not about the clip is an error', async () => {
    stub.on('/getClip', (_, response) => refuse(response, 401, 'NotAuthorizedException', 'no'))
    await expect(getClip()).rejects.toMatchObject({ name: 'GatewayError', code: 'KVS_ACCESS_DENIED' })
  })
})

test('a clip that costs more points than are left waits, and is throttled when its time is up', async () => {
  const paced = createKvsForTest(stub, { isPaced: true })
  answerWith({}, (response) => response.end('x'))
  await readAll(await paced.clips.getClip(request(), enoughTime()))
  await readAll(await paced.clips.getClip(request({ expectedFragments: 100 }), enoughTime()))
  await readAll(await paced.clips.getClip(request(), enoughTime()))
  await expect(paced.clips.getClip(request(), AbortSignal.timeout(20))).rejects.toMatchObject({ code: 'KVS_THROTTLED' })
  paced.close()
})

describe('media of fragments', () => {
  test('has the sent bytes', async () => {
    stub.on('/getMediaForFragmentList', (_, response) => {
      response.writeHead(200, { 'content-type': 'video/webm' }).end('matroska')
      return undefined
    })
    const bytes = await kvs.fragmentMedia.getMedia(STREAM_ARN, ['1', '2'], enoughTime())
    expect((await readAll({ sizeBytes: null, bytes })).toString()).toBe('matroska')
    expect(stub.to('/getMediaForFragmentList')[0]?.body).toEqual({ StreamARN: STREAM_ARN, Fragments: ['1', '2'] })
  })

  test.each([[0], [1001]])('of %i fragments are refused', async (count) => {
    const numbers = Array.from({ length: count }, (_, index) => String(index))
    await expect(kvs.fragmentMedia.getMedia(STREAM_ARN, numbers, enoughTime())).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
  })
})

describe('a streaming session', () => {
  const live = {
    streamArn: STREAM_ARN,
    playbackMode: 'LIVE',
    fragmentSelectorType: 'SERVER_TIMESTAMP',
    range: null,
    expiresInSeconds: 300,
  } as const

  test('always shows the timestamps of fragments', async () => {
    stub.on('/getHLSStreamingSessionURL', () => ({
      HLSStreamingSessionURL: `${stub.url}/hls/v1/getHLSMasterPlaylist.m3u8?SessionToken=x`,
    }))
    expect(await kvs.hls.getSessionUrl(live, enoughTime())).toContain('SessionToken')
    await kvs.hls.getSessionUrl({ ...live, playbackMode: 'ON_DEMAND', range: { startMs: 1000, endMs: 2500 } }, enoughTime())
    expect(stub.to('/getHLSStreamingSessionURL').map(({ body }) => body)).toEqual([
      {
        StreamARN: STREAM_ARN,
        PlaybackMode: 'LIVE',
        HLSFragmentSelector: { FragmentSelectorType: 'SERVER_TIMESTAMP' },
        DisplayFragmentTimestamp: 'ALWAYS',
        Expires: 300,
      },
      expect.objectContaining({
        HLSFragmentSelector: { FragmentSelectorType: 'SERVER_TIMESTAMP', TimestampRange: { StartTimestamp: 1, EndTimestamp: 2.5 } },
      }),
    ])
  })

  test.each([{}, { HLSStreamingSessionURL: 'no url' }])('without a URL is a service error: %j', async (answer) => {
    stub.on('/getHLSStreamingSessionURL', () => answer)
    await expect(kvs.hls.getSessionUrl(live, enoughTime())).rejects.toMatchObject({ code: 'KVS_UNAVAILABLE' })
  })
})
