import { describe, expect, test } from '@jest/globals'
import type { FragmentRange } from '../../../src/kvs-server/archive/archived-fragment.js'
import { demux, eventsOf } from '../../support/demux.js'
import { FIXTURES, readFixture } from '../../support/fixtures.js'
import { AVCC, footage, recording, VIDEO } from '../../support/footage.js'
import { type KvsTestServer, startKvsTestServer } from '../../support/kvs-test-server.js'
import { bytesOf, cluster, concatBytes, simpleBlock } from '../../support/mkv-builder.js'
import { md5, readWithMediabunny, readWithMp4box } from '../../support/mp4-packets.js'
import { upload } from '../../support/producer.js'

const START = 1_700_000_000
const NOW = Date.parse('2026-05-04T12:00:00Z')

async function startWith(body: Uint8Array, options: Parameters<typeof startKvsTestServer>[0] = {}): Promise<KvsTestServer> {
  const kvs = await startKvsTestServer(options)
  await kvs.post('/createStream', { StreamName: 'cam', DataRetentionInHours: 1 })
  await upload(kvs.url, body, { stream: 'cam', start: String(START) })
  return kvs
}

function clip(kvs: KvsTestServer, from: number, to: number, clock: FragmentRange['clock'] = 'producer'): Promise<Response> {
  const FragmentSelectorType = clock === 'producer' ? 'PRODUCER_TIMESTAMP' : 'SERVER_TIMESTAMP'
  const TimestampRange = { StartTimestamp: from, EndTimestamp: to }
  return kvs.post('/getClip', { StreamName: 'cam', ClipFragmentSelector: { FragmentSelectorType, TimestampRange } })
}

async function refusalOf(answer: Response): Promise<string> {
  const body: { __type: string } = JSON.parse(await answer.text())
  return `${answer.status} ${body.__type}`
}

/** Payloads and key flags of the source's video, in file order. */
function videoOf(file: Uint8Array): { md5: string; isKey: boolean }[] {
  return eventsOf(demux(file), 'cluster-end').flatMap(({ range, samples }) =>
    Array.from(samples.tracks.subarray(0, samples.count), (track, row) => ({ track, row })).flatMap(({ track, row }) => {
      if (track !== 1) return []
      const at = range.start + (samples.offsets[row] ?? 0)
      return [{ md5: md5(file.subarray(at, at + (samples.sizes[row] ?? 0))), isKey: samples.keys[row] === 1 }]
    }),
  )
}

describe('GetClip', () => {
  test.each(FIXTURES)('makes an MP4 of %s from which two other readers read the same frames', async (name) => {
    const file = readFixture(name)
    await using kvs = await startWith(file)
    const answer = await clip(kvs, START, START + 60)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('video/mp4')
    const mp4 = new Uint8Array(await answer.arrayBuffer())
    expect(mp4.byteLength).toBe(Number(answer.headers.get('content-length')))
    const { video } = await readWithMediabunny(mp4)
    expect(video.map(({ md5: payload, isKey }) => ({ md5: payload, isKey }))).toEqual(videoOf(file))
    expect(readWithMp4box(mp4)[0]?.samples).toHaveLength(video.length)
  })

  test('includes the fragments that start in the range: not the one that started before it, and the whole of the last one', async () => {
    await using kvs = await startWith(recording([0, 2000, 4000, 6000].map((ticks) => footage(ticks))))
    const mp4 = new Uint8Array(await (await clip(kvs, START + 1, START + 5)).arrayBuffer())
    const [video] = readWithMp4box(mp4)
    expect(video?.samples).toHaveLength(10)
  })

  test('plays a recording once when it was uploaded again with another clock, and adds the part that only the second upload has', async () => {
    await using kvs = await startWith(readFixture('h264-only.mkv'))
    await upload(kvs.url, readFixture('h264-only.mkv'), { stream: 'cam', start: String(START + 0.6) })
    const mp4 = new Uint8Array(await (await clip(kvs, START, START + 60)).arrayBuffer())
    expect(readWithMp4box(mp4)[0]?.samples).toHaveLength(100)
  })

  test('ends after 200 fragments', async () => {
    await using kvs = await startWith(recording(Array.from({ length: 201 }, (_, index) => footage(index * 1000, { frames: 1 }))))
    const mp4 = new Uint8Array(await (await clip(kvs, START, START + 300)).arrayBuffer())
    expect(readWithMp4box(mp4)[0]?.samples).toHaveLength(200)
  })

  test('validates ranges by server time', async () => {
    const clock = { at: NOW, now: () => clock.at }
    await using kvs = await startWith(recording([footage(0)]), { clock })
    clock.at += 10_000
    const second = (ms: number) => (NOW + ms) / 1000
    expect(await refusalOf(await clip(kvs, second(5), second(5), 'server'))).toBe('400 InvalidArgumentException')
    expect(await refusalOf(await clip(kvs, second(0), second(10_001), 'server'))).toBe('400 InvalidArgumentException')
    expect(await refusalOf(await clip(kvs, second(-1), second(5000), 'server'))).toBe('400 InvalidArgumentException')
    expect(await refusalOf(await clip(kvs, START, START + 86_401))).toBe('400 InvalidArgumentException')
    expect(await refusalOf(await clip(kvs, second(1), second(5000), 'server'))).toBe('404 ResourceNotFoundException')
    expect((await clip(kvs, second(0), second(10_000), 'server')).status).toBe(200)
    clock.at += 2 * 3_600_000
    const past = await clip(kvs, second(0), second(10_000), 'server')
    expect(await past.json()).toMatchObject({ Message: `End timestamp ${NOW + 10_000} is outside of the stream retention period.` })
    const gone = await clip(kvs, START, START + 60)
    expect(await gone.json()).toMatchObject({
      __type: 'ResourceNotFoundException',
      Message: 'No fragments found in the stream for the clip request.',
    })
  })

  test('refuses a stream without retention', async () => {
    await using kvs = await startKvsTestServer()
    await kvs.post('/createStream', { StreamName: 'cam' })
    expect(await refusalOf(await clip(kvs, START, START + 1))).toBe('400 NoDataRetentionException')
  })

  const AUDIO = { number: 1, type: 2, codecId: 'A_AAC', codecPrivate: bytesOf(0x12, 0x10), audio: { sampleRate: 44100, channels: 2 } }
  const OTHER = AVCC.slice()
  OTHER[3] = 0x20

  test.each([
    ['another video codec', 'UnsupportedStreamMediaTypeException', recording([footage(0)], [{ ...VIDEO, codecId: 'V_VP9' }])],
    ['audio alone', 'UnsupportedStreamMediaTypeException', recording([footage(0)], [AUDIO])],
    ['audio as the first of two tracks', 'UnsupportedStreamMediaTypeException', readFixture('sound-first.mkv')],
    ['no CodecPrivate', 'MissingCodecPrivateDataException', recording([footage(0)], [{ number: 1, video: { width: 64, height: 48 } }])],
    [
      'Annex-B CodecPrivate',
      'InvalidCodecPrivateDataException',
      recording([footage(0)], [{ ...VIDEO, codecPrivate: bytesOf(0, 0, 0, 1, 0x67, 1) }]),
    ],
    [
      'a CodecPrivate that changes',
      'InvalidCodecPrivateDataException',
      concatBytes(recording([footage(0)]), recording([footage(1000)], [{ ...VIDEO, codecPrivate: OTHER }])),
    ],
    [
      'Annex-B frames',
      'InvalidMediaFrameException',
      recording([cluster(0, [simpleBlock({ track: 1, time: 0, isKey: true, payload: bytesOf(0, 0, 0, 1, 0x65, 1, 2) })])]),
    ],
  ])('refuses %s with %s', async (_, type, body) => {
    await using kvs = await startWith(body)
    expect(await refusalOf(await clip(kvs, START, START + 10))).toBe(`400 ${type}`)
  })

  test.each([
    ['h264-ulaw-stereo.mkv', 400],
    ['h264-alaw.mkv', 200],
    ['hevc-aac.mkv', 200],
  ])('answers %s with %i under strict codecs', async (name, status) => {
    await using kvs = await startWith(readFixture(name), { strictCodecs: true })
    const answer = await clip(kvs, START, START + 60)
    expect(answer.status).toBe(status)
    await answer.arrayBuffer()
  })

  test('finishes a clip whose stream is deleted while it is sent', async () => {
    await using kvs = await startWith(recording(Array.from({ length: 30 }, (_, index) => footage(index * 1000, { bytes: 100_000 }))))
    const answer = await clip(kvs, START, START + 60)
    const reader = answer.body?.getReader()
    if (reader === undefined) throw new Error('the clip has no body')
    let bytes = (await reader.read()).value?.byteLength ?? 0
    const { StreamInfoList } = JSON.parse(await (await kvs.post('/listStreams', {})).text())
    await kvs.post('/deleteStream', { StreamARN: StreamInfoList[0].StreamARN })
    await kvs.server.archive.sweep()
    for (let next = await reader.read(); !next.done; next = await reader.read()) bytes += next.value.byteLength
    expect(bytes).toBe(Number(answer.headers.get('content-length')))
    expect(await refusalOf(await clip(kvs, START, START + 60))).toBe('404 ResourceNotFoundException')
  })
})
