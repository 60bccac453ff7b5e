import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { print } from 'graphql'
import { StreamCoverageDocument, StreamMediaDocument, ValidateClipDocument } from '../../src/client/generated/graphql.js'
import { readFixture } from '../support/fixtures.js'
import { AVCC, footage, recording, VIDEO } from '../support/footage.js'
import { startTestGateway, type TestGateway, upload } from '../support/gateway-test.js'
import { type KvsTestServer, startKvsTestServer } from '../support/kvs-test-server.js'
import { bytesOf, cluster, simpleBlock } from '../support/mkv-builder.js'

/** Producer times, as far from now as the demo of a wrong clock: the server's are those of the upload. */
const START_MS = Date.parse('2026-03-01T08:00:00Z')
const FRAGMENTS = 10

let kvs: KvsTestServer
let gateway: TestGateway

/** Ten fragments of one second (five frames), a minute's rest, and two more. */
const GATE = recording([
  ...Array.from({ length: FRAGMENTS }, (_, index) => footage(index * 1000)),
  footage(70_000, { bytes: 400 }),
  footage(71_000, { bytes: 400 }),
])
const ANNEX_B = simpleBlock({ track: 1, time: 0, isKey: true, payload: bytesOf(0, 0, 0, 1, 0x65, 1, 2, 3) })

beforeAll(async () => {
  kvs = await startKvsTestServer()
  gateway = await startTestGateway(kvs)
  const send = (streamName: string, file: Uint8Array) => upload(kvs, { streamName, file, producerStartMs: START_MS })
  await send('gate', GATE)
  for (const name of ['h264-bframes-aac', 'hevc-aac', 'h264-alaw', 'h264-ulaw-stereo']) await send(name, readFixture(`${name}.mkv`))
  await send('no-private', recording([footage(0)], [{ number: 1, video: { width: 64, height: 48 } }]))
  await send('vp9', recording([footage(0)], [{ ...VIDEO, codecId: 'V_VP9', codecPrivate: AVCC }]))
  await send('annex-b', recording([cluster(0, [ANNEX_B])]))
  await send('replaced', recording([footage(0)]))
  await send('replaced', recording([footage(5000)], [{ ...VIDEO, video: { width: 128, height: 96 } }]))
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await kvs[Symbol.asyncDispose]()
})

function at(offsetMs: number): string {
  return new Date(START_MS + offsetMs).toISOString()
}

function range(fromMs: number, toMs: number) {
  return { startTimestamp: at(fromMs), endTimestamp: at(toMs) }
}

function askCoverage(variables: Record<string, unknown>) {
  return gateway.ask(print(StreamCoverageDocument), { name: 'gate', fragmentSelectorType: 'PRODUCER_TIMESTAMP', ...variables })
}

function askMedia(name: string, variables: Record<string, unknown> = {}) {
  return gateway.ask(print(StreamMediaDocument), { name, ...variables })
}

describe('Stream.coverage', () => {
  test('returns spans and gaps, by the clock of the producer', async () => {
    const { data } = await askCoverage({ range: range(-5000, 100_000) })
    expect(data).toMatchObject({
      stream: {
        coverage: {
          spans: [
            { range: range(0, 10_000), fragmentCount: 10 },
            { range: range(70_000, 72_000), fragmentCount: 2 },
          ],
          gaps: [
            { ...range(-5000, 0), durationMs: 5000 },
            { ...range(10_000, 70_000), durationMs: 60_000 },
            { ...range(72_000, 100_000), durationMs: 28_000 },
          ],
          fragmentCount: 12,
          durationMs: 12_000,
        },
      },
    })
  })

  test('sums up the fragments of ListFragments', async () => {
    const fragments = `{ stream(name: "gate") { fragments(range: { startTimestamp: "${at(0)}", endTimestamp: "${at(9000)}" }, fragmentSelectorType: PRODUCER_TIMESTAMP) { nodes { sizeBytes } } } }`
    const { data: listed } = await gateway.ask(fragments)
    const sizes = JSON.stringify(listed)
      .match(/\d+(?=\})/g)
      ?.map(Number)
    const { data } = await askCoverage({ range: range(0, 9000) })
    const sizeBytes = sizes?.reduce((sum, size) => sum + size, 0)
    expect(data).toMatchObject({ stream: { coverage: { fragmentCount: 10, sizeBytes, spans: [{ sizeBytes }] } } })
  })

  test('applies maxGapMs', async () => {
    const { data } = await askCoverage({ range: range(0, 72_000), maxGapMs: 61_000 })
    expect(data).toMatchObject({ stream: { coverage: { spans: [{ range: range(0, 72_000) }], gaps: [], durationMs: 72_000 } } })
  })

  test('by server time is at the time of the upload', async () => {
    const now = Date.now()
    const lately = { startTimestamp: new Date(now - 3_600_000).toISOString(), endTimestamp: new Date(now).toISOString() }
    const { data } = await askCoverage({ range: lately, fragmentSelectorType: 'SERVER_TIMESTAMP' })
    expect(data).toMatchObject({ stream: { coverage: { fragmentCount: 12 } } })
  })

  test.each([
    [range(10, 0), 'range must not end before it starts'],
    [range(0, 7 * 86_400_000 + 1), 'range must span at most 7 days'],
  ])('refuses %j', async (wrong, message) => {
    const { data, errors } = await askCoverage({ range: wrong })
    expect(data).toMatchObject({ stream: { name: 'gate', coverage: null } })
    expect(errors).toMatchObject([{ message: expect.stringContaining(message), extensions: { code: 'BAD_USER_INPUT' } }])
  })

  test('has its maximum range in limits', async () => {
    expect(await gateway.ask('{ limits { maxCoverageDays } }')).toMatchObject({ data: { limits: { maxCoverageDays: 7 } } })
  })
})

describe('Stream.media', () => {
  const SIZE = { width: 192, height: 108, frameRate: 25 }

  test.each([
    [
      'h264-bframes-aac',
      { ...SIZE, codecId: 'V_MPEG4/ISO/AVC' },
      { codecId: 'A_AAC', codec: 'mp4a.40.2', channels: 1, sampleRate: 48_000 },
    ],
    ['hevc-aac', { ...SIZE, codecId: 'V_MPEGH/ISO/HEVC' }, { codec: 'mp4a.40.2' }],
    ['h264-alaw', SIZE, { codecId: 'A_MS/ACM', codec: 'alaw', channels: 1, sampleRate: 8000 }],
    ['h264-ulaw-stereo', {}, { codec: 'ulaw', channels: 2 }],
  ])('of %s is read from its newest fragment', async (name, video, audio) => {
    const { data } = await askMedia(name)
    expect(data).toMatchObject({ stream: { media: { video, audio, clippable: true } } })
  })

  test('at an instant is read from the fragment there, and null in a gap', async () => {
    const at0 = await askMedia('replaced', { at: at(300), fragmentSelectorType: 'PRODUCER_TIMESTAMP' })
    const at5 = await askMedia('replaced', { at: at(5999), fragmentSelectorType: 'PRODUCER_TIMESTAMP' })
    const between = await askMedia('replaced', { at: at(3500), fragmentSelectorType: 'PRODUCER_TIMESTAMP' })
    expect(at0.data).toMatchObject({ stream: { media: { video: { width: 64 } } } })
    expect(at5.data).toMatchObject({ stream: { media: { video: { width: 128 } } } })
    expect(between).toMatchObject({ data: { stream: { name: 'replaced', media: null } } })
    expect((await askMedia('replaced')).data).toMatchObject({ stream: { media: { video: { width: 128, frameRate: 5 } } } })
  })

  test.each([
    ['no-private', 'MISSING_CODEC_PRIVATE_DATA'],
    ['vp9', 'UNSUPPORTED_VIDEO_CODEC'],
    ['annex-b', 'INVALID_MEDIA_FRAME'],
  ])('of %s is not clippable: %s', async (name, code) => {
    const { data } = await askMedia(name)
    expect(data).toMatchObject({ stream: { media: { clippable: false, issues: [{ code, severity: 'ERROR' }] } } })
  })
})

describe('validateClip with a probe', () => {
  const input = (streamName: string) => ({
    streamName,
    fragmentSelectorType: 'PRODUCER_TIMESTAMP',
    startTimestamp: at(0),
    endTimestamp: at(20_000),
  })

  test.each([
    ['gate', true, undefined],
    ['h264-ulaw-stereo', true, 'UNSUPPORTED_AUDIO_CODEC'],
    ['annex-b', false, 'INVALID_MEDIA_FRAME'],
    ['vp9', false, 'UNSUPPORTED_VIDEO_CODEC'],
  ])('of %s returns %s', async (name, valid, code) => {
    const { data } = await gateway.ask(print(ValidateClipDocument), { input: input(name), probe: true })
    expect(data).toMatchObject({ validateClip: { valid } })
    const issue = expect.objectContaining({ code, path: ['streamName'] })
    if (code) expect(data).toMatchObject({ validateClip: { issues: expect.arrayContaining([issue]) } })
  })

  test('does not check codecs without probe', async () => {
    const { data } = await gateway.ask(print(ValidateClipDocument), { input: input('vp9') })
    expect(data).toMatchObject({ validateClip: { valid: true } })
  })
})
