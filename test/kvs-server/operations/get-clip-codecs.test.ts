import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { demux, eventsOf } from '../../support/demux.js'
import { readFixture } from '../../support/fixtures.js'
import { AVCC, frame, recording } from '../../support/footage.js'
import { type KvsTestServer, startKvsTestServer } from '../../support/kvs-test-server.js'
import { bytesOf, cluster, simpleBlock, type TrackFields } from '../../support/mkv-builder.js'
import { readWithMp4box } from '../../support/mp4-packets.js'
import { upload } from '../../support/producer.js'

const START = 1_700_000_000
const HVCC = eventsOf(demux(readFixture('hevc-aac.mkv')), 'tracks')[0]?.tracks[0]?.codecPrivate ?? new Uint8Array(0)

const video = (codecId: string, codecPrivate: Uint8Array | undefined): TrackFields => ({
  ...{ number: 1, codecId, video: { width: 64, height: 48 } },
  ...(codecPrivate === undefined ? {} : { codecPrivate }),
})
const audio = (codecId: string, codecPrivate: Uint8Array | undefined): TrackFields => ({
  ...{ number: 2, type: 2, codecId, audio: { sampleRate: 8000, channels: 1 } },
  ...(codecPrivate === undefined ? {} : { codecPrivate }),
})

/** WAVEFORMATEX of one channel at 8 kHz, with its other fields as the C producer leaves them. */
function waveFormat(tag: number): Uint8Array {
  const bytes = new Uint8Array(18)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, tag, true)
  view.setUint16(2, 1, true)
  view.setUint32(4, 8000, true)
  return bytes
}

const H264 = video('V_MPEG4/ISO/AVC', AVCC)
const H265 = video('V_MPEGH/ISO/HEVC', HVCC)
const AAC = audio('A_AAC', bytesOf(0x15, 0x88))
const ALAW = audio('A_MS/ACM', waveFormat(6))
const ULAW = audio('A_MS/ACM', waveFormat(7))

let loose: KvsTestServer
let strict: KvsTestServer
let streams = 0
beforeAll(async () => {
  loose = await startKvsTestServer()
  strict = await startKvsTestServer({ strictCodecs: true })
})
afterAll(async () => {
  await loose[Symbol.asyncDispose]()
  await strict[Symbol.asyncDispose]()
})

/** Uploads a fragment with a frame of each track, and clips it. */
async function clipOf(kvs: KvsTestServer, tracks: readonly TrackFields[], payload = frame(40)): Promise<Response> {
  const stream = `cam-${streams++}`
  await kvs.post('/createStream', { StreamName: stream, DataRetentionInHours: 24 })
  const blocks = tracks.flatMap(({ number, type }) => {
    const bytes = type === 2 ? new Uint8Array(160) : payload
    return [0, 20].map((time) => simpleBlock({ track: number, time, isKey: true, payload: bytes }))
  })
  const acks = await upload(kvs.url, recording([cluster(0, blocks)], tracks), { stream, start: String(START) })
  expect(acks.map(({ EventType }) => EventType)).toEqual(['BUFFERING', 'RECEIVED', 'PERSISTED'])
  const TimestampRange = { StartTimestamp: START, EndTimestamp: START + 10 }
  return kvs.post('/getClip', { StreamName: stream, ClipFragmentSelector: { FragmentSelectorType: 'PRODUCER_TIMESTAMP', TimestampRange } })
}

async function outcomeOf(answer: Response): Promise<string> {
  if (answer.status === 200)
    return readWithMp4box(new Uint8Array(await answer.arrayBuffer()))
      .map(({ codec }) => codec.slice(0, 4))
      .join('+')
  await answer.arrayBuffer()
  return `${answer.status} ${answer.headers.get('x-amzn-errortype')}`
}

describe('GetClip accepts', () => {
  test.each([
    ['H.264', [H264], 'avc1', true],
    ['H.264 under the misspelt id', [video('V_MPEG/ISO/AVC', AVCC)], 'avc1', true],
    ['H.264 with AAC', [H264, AAC], 'avc1+mp4a', true],
    ['H.264 with A-law', [H264, ALAW], 'avc1+alaw', true],
    ['H.264 with mu-law', [H264, ULAW], 'avc1+ulaw', false],
    ['H.265', [H265], 'hvc1', true],
    ['H.265 with AAC', [H265, AAC], 'hvc1+mp4a', true],
    ['H.265 with A-law', [H265, ALAW], 'hvc1+alaw', false],
    ['H.265 with mu-law', [H265, ULAW], 'hvc1+ulaw', false],
  ])('%s, and follows the table of AWS when configured to', async (_what, tracks, codecs, isInTable) => {
    expect(await outcomeOf(await clipOf(loose, tracks))).toBe(codecs)
    expect(await outcomeOf(await clipOf(strict, tracks))).toBe(isInTable ? codecs : '400 UnsupportedStreamMediaTypeException')
  })
})

describe('GetClip refuses', () => {
  const cases: readonly (readonly [string, readonly TrackFields[], string, Uint8Array?])[] = [
    ['sound alone', [{ ...AAC, number: 1 }], 'UnsupportedStreamMediaType'],
    [
      'sound before picture',
      [
        { ...AAC, number: 1 },
        { ...H264, number: 2 },
      ],
      'UnsupportedStreamMediaType',
    ],
    ['a picture that is not track 1', [{ ...H264, number: 2 }], 'UnsupportedStreamMediaType'],
    ['sound that is not track 2', [H264, { ...AAC, number: 3 }], 'UnsupportedStreamMediaType'],
    ['three tracks', [H264, AAC, { ...AAC, number: 3 }], 'UnsupportedStreamMediaType'],
    ['two pictures', [H264, { ...H264, number: 2 }], 'UnsupportedStreamMediaType'],
    ['another picture codec', [video('V_VP8', AVCC)], 'UnsupportedStreamMediaType'],
    ['another sound codec', [H264, audio('A_OPUS', bytesOf(1))], 'UnsupportedStreamMediaType'],
    ['PCM in A_MS/ACM', [H264, audio('A_MS/ACM', waveFormat(1))], 'UnsupportedStreamMediaType'],
    ['H.264 without CodecPrivate', [video('V_MPEG4/ISO/AVC', undefined), AAC], 'MissingCodecPrivateData'],
    ['H.265 without CodecPrivate', [video('V_MPEGH/ISO/HEVC', undefined)], 'MissingCodecPrivateData'],
    ['AAC without CodecPrivate', [H264, audio('A_AAC', undefined)], 'MissingCodecPrivateData'],
    ['G.711 without CodecPrivate', [H264, audio('A_MS/ACM', undefined)], 'MissingCodecPrivateData'],
    ['an Annex-B CodecPrivate of H.264', [video('V_MPEG4/ISO/AVC', bytesOf(0, 0, 0, 1, 0x67, 0x64, 0, 0x1f))], 'InvalidCodecPrivateData'],
    ['an Annex-B CodecPrivate of H.265', [video('V_MPEGH/ISO/HEVC', bytesOf(0, 0, 0, 1, 0x40, 1, 12, 1))], 'InvalidCodecPrivateData'],
    ['a truncated avcC', [video('V_MPEG4/ISO/AVC', AVCC.subarray(0, 10))], 'InvalidCodecPrivateData'],
    ['a truncated hvcC', [video('V_MPEGH/ISO/HEVC', HVCC.subarray(0, 30))], 'InvalidCodecPrivateData'],
    ['an AudioSpecificConfig of one byte', [H264, audio('A_AAC', bytesOf(0x15))], 'InvalidCodecPrivateData'],
    ['an AudioSpecificConfig of no sampling rate', [H264, audio('A_AAC', bytesOf(0x16, 0x88))], 'InvalidCodecPrivateData'],
    ['a short WAVEFORMATEX', [H264, audio('A_MS/ACM', waveFormat(6).subarray(0, 12))], 'InvalidCodecPrivateData'],
    ['Annex-B frames of H.264', [H264], 'InvalidMediaFrame', bytesOf(0, 0, 0, 1, 0x65, 1, 2, 3)],
    ['Annex-B frames of H.265', [H265, AAC], 'InvalidMediaFrame', bytesOf(0, 0, 0, 1, 0x26, 1, 2, 3)],
    ['a length that runs past its frame', [H264], 'InvalidMediaFrame', bytesOf(0, 0, 0, 9, 0x65, 1, 2, 3)],
  ]
  // All rows have the same length, because jest takes a parameter that a row leaves out for its `done`.
  test.each(cases.map(([what, tracks, exception, payload = frame(40)]) => [what, tracks, exception, payload] as const))(
    '%s',
    async (...row) => {
      const [, tracks, exception, payload] = row
      expect(await outcomeOf(await clipOf(loose, tracks, payload))).toBe(`400 ${exception}Exception`)
    },
  )
})
