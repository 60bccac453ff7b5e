import { CreateStreamCommand } from '@aws-sdk/client-kinesis-video'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { readFixture } from '../../support/fixtures.js'
import { footage, frame, recording } from '../../support/footage.js'
import { downloadTrack, fetchBytes, fetchText, fragmentNumbers, loadMedia, loadUrls, openHlsSession } from '../../support/hls-player.js'
import { type KvsTestServer, startKvsTestServer } from '../../support/kvs-test-server.js'
import { cluster, simpleBlock } from '../../support/mkv-builder.js'
import { readPackets } from '../../support/mp4-readers.js'
import { openGopFootage } from '../../support/open-gop-footage.js'
import { upload } from '../../support/producer.js'

const START = Math.floor(Date.now() / 1000) - 600
const TimestampRange = { StartTimestamp: new Date(START * 1000), EndTimestamp: new Date((START + 60) * 1000) }
const BY_PRODUCER = { HLSFragmentSelector: { FragmentSelectorType: 'PRODUCER_TIMESTAMP' as const, TimestampRange } }

let kvs: KvsTestServer
beforeAll(async () => {
  kvs = await startKvsTestServer()
})
afterAll(() => kvs?.[Symbol.asyncDispose]())

async function record(stream: string, file: Uint8Array): Promise<void> {
  await kvs.control.send(new CreateStreamCommand({ StreamName: stream, DataRetentionInHours: 24 }))
  await upload(kvs.url, file, { stream, start: String(START) })
}

const MODES = {
  ON_DEMAND: { PlaybackMode: 'ON_DEMAND', ...BY_PRODUCER },
  LIVE: { PlaybackMode: 'LIVE', HLSFragmentSelector: { FragmentSelectorType: 'SERVER_TIMESTAMP' }, MaxMediaPlaylistFragmentResults: 100 },
  LIVE_REPLAY: { PlaybackMode: 'LIVE_REPLAY', ...BY_PRODUCER, MaxMediaPlaylistFragmentResults: 100 },
} as const

describe('footage whose Clusters do not begin with key frames', () => {
  const file = 'hard/clusters-without-key.mkv'
  beforeAll(() => record('cam', readFixture(file)))

  test.each(['ON_DEMAND', 'LIVE_REPLAY'] as const)('is cut into segments that do, without losing a frame, %s', async (mode) => {
    const { first, master } = await loadUrls(await openHlsSession(kvs.url, { StreamName: 'cam', ...MODES[mode] }))
    expect(master.variants[0]?.frameRate).toBe(25)
    const { segments } = await loadMedia(first)
    expect(segments.map(({ duration }) => duration)).toEqual([2, 2, 2, 2, 2, 2])
    const [source, played] = [await readPackets(readFixture(file), 'video'), await readPackets(await downloadTrack(first), 'video')]
    expect(played.map(({ md5, isKey }) => ({ md5, isKey }))).toEqual(source.map(({ md5, isKey }) => ({ md5, isKey })))
    played.forEach(({ at }, index) => {
      expect(at - (played[0]?.at ?? 0)).toBeCloseTo((source[index]?.at ?? 0) - (source[0]?.at ?? 0), 3)
    })
    for (const segment of segments) {
      const init = await (await fetch(new URL(segment.map.uri, first))).arrayBuffer()
      const media = await (await fetch(new URL(segment.uri, first))).arrayBuffer()
      const packets = await readPackets(Buffer.concat([Buffer.from(init), Buffer.from(media)]), 'video')
      expect(packets[0]?.isKey).toBe(true)
      expect(packets).toHaveLength(50)
    }
  })

  test('is cut at the last key frame in a LIVE session while more may arrive', async () => {
    const { first } = await loadUrls(await openHlsSession(kvs.url, { StreamName: 'cam', ...MODES.LIVE }))
    expect((await loadMedia(first)).segments.map(({ duration }) => duration)).toEqual([2, 2, 2, 2, 2])
    const few = { ...MODES.LIVE, MaxMediaPlaylistFragmentResults: 3 }
    const { first: window } = await loadUrls(await openHlsSession(kvs.url, { StreamName: 'cam', ...few }))
    expect((await loadMedia(window)).segments.length).toBeGreaterThanOrEqual(2)
  })

  test('costs a point for each fragment of a segment, and fragments inside a segment cannot be requested as segments', async () => {
    const { first } = await loadUrls(await openHlsSession(kvs.url, { StreamName: 'cam', ...MODES.ON_DEMAND }))
    const { segments } = await loadMedia(first)
    const url = new URL(segments[0]?.uri ?? '', first)
    const third = new URL(segments[2]?.uri ?? '', first)
    url.searchParams.set('LastFragmentNumber', third.searchParams.get('LastFragmentNumber') ?? '')
    expect((await fetch(url)).status).toBe(404)
  })
})

// As kvssink with key-frame-fragmentation=false sends it:
// https://github.com/awslabs/amazon-kinesis-video-streams-producer-sdk-cpp/issues/441
test('key frames in the middle of Clusters also begin segments, and no frame is lost or shown twice', async () => {
  const block = (index: number) => simpleBlock({ track: 1, time: (index % 20) * 100, isKey: index % 15 === 0, payload: frame(40) })
  const clusters = Array.from({ length: 6 }, (_, number) =>
    cluster(
      number * 2000,
      Array.from({ length: 20 }, (__, index) => block(number * 20 + index)),
    ),
  )
  await record('kvssink', recording(clusters))
  const { first } = await loadUrls(await openHlsSession(kvs.url, { StreamName: 'kvssink', ...MODES.ON_DEMAND }))
  const { segments } = await loadMedia(first)
  // A Cluster with two key frames begins one segment.
  expect(segments.map(({ duration }) => duration)).toEqual([3, 1.5, 1.5, 3, 1.5, 1.5])
  const played = await readPackets(await downloadTrack(first), 'video')
  expect(played.map(({ at }) => Math.round((at - (played[0]?.at ?? 0)) * 1000))).toEqual(
    Array.from({ length: 120 }, (_, index) => index * 100),
  )
  expect(played.flatMap(({ isKey }, index) => (isKey ? [index] : []))).toEqual(Array.from({ length: 8 }, (_, index) => index * 15))
})

describe('footage of open GOPs', () => {
  test.each([
    ['an IDR picture only at its start', 35, [0], [11, 11, 11, 2]],
    ['no IDR picture', 25, [], [11, 11, 3]],
    ['an IDR picture every 4 seconds', 12, [0, 4, 8], [4, 4, 4]],
    ['IDR pictures at 0, 15 and 18 seconds', 22, [0, 15, 18], [11, 4, 3, 4]],
  ])('with %s is cut at IDR pictures, and otherwise at the first I-frame after 10 seconds', async (name, seconds, idrs, wanted) => {
    const stream = name.replaceAll(' ', '-').replaceAll(',', '')
    const file = openGopFootage(seconds, idrs)
    await record(stream, file)
    for (const mode of ['ON_DEMAND', 'LIVE_REPLAY'] as const) {
      const { first } = await loadUrls(await openHlsSession(kvs.url, { StreamName: stream, ...MODES[mode] }))
      const { segments } = await loadMedia(first)
      expect(segments.map(({ duration }) => duration)).toEqual(wanted)
      const [source, played] = [await readPackets(file, 'video'), await readPackets(await downloadTrack(first), 'video')]
      expect(played.map(({ md5 }) => md5)).toEqual(source.map(({ md5 }) => md5))
      for (const segment of segments) {
        const bytes = await Promise.all([segment.map.uri, segment.uri].map((uri) => fetchBytes(new URL(uri, first).href)))
        expect((await readPackets(Buffer.concat(bytes), 'video'))[0]?.isKey).toBe(true)
      }
    }
  })

  test('from a real encoder loses no frame', async () => {
    const file = readFixture('hard/opengop-mkvmerge.mkv')
    await record('mkvmerge', file)
    const { first } = await loadUrls(await openHlsSession(kvs.url, { StreamName: 'mkvmerge', ...MODES.ON_DEMAND }))
    const [source, played] = [await readPackets(file, 'video'), await readPackets(await downloadTrack(first), 'video')]
    expect(played.map(({ md5 }) => md5)).toEqual(source.map(({ md5 }) => md5))
  })
})

describe('a slow camera', () => {
  test.each([
    ['one frame a fragment', 1, 1050],
    ['one frame in five seconds', 1, 5000],
    ['two frames a fragment', 2, 3000],
    // https://github.com/awslabs/amazon-kinesis-video-streams-producer-c/issues/406
    ['four frames a fragment', 4, 4000],
  ])('with %s shows each frame until the next', async (name, frames, everyMs) => {
    const stream = name.replaceAll(' ', '-')
    const fragments = Array.from({ length: 8 }, (_, index) => footage(index * everyMs, { frames, frameMs: everyMs / frames }))
    await record(stream, recording(fragments))
    const { first, master } = await loadUrls(await openHlsSession(kvs.url, { StreamName: stream, ...MODES.ON_DEMAND }))
    expect(master.variants[0]?.frameRate).toBeCloseTo((1000 * frames) / everyMs, 2)
    const { segments } = await loadMedia(first)
    expect(segments.map(({ duration }) => duration)).toEqual(fragments.map(() => everyMs / 1000))
    expect(await fetchText(first)).toContain(`#EXT-X-TARGETDURATION:${Math.round(everyMs / 1000)}`)
    const played = await readPackets(await downloadTrack(first), 'video')
    expect(played.map(({ at }) => Math.round((at - (played[0]?.at ?? 0)) * 1000))).toEqual(
      Array.from({ length: 8 * frames }, (_, index) => (index * everyMs) / frames),
    )
  })

  test('is shown live once the next frame reveals the duration of a frame', async () => {
    await record('slow-live', recording(Array.from({ length: 4 }, (_, index) => footage(index * 2000, { frames: 1, frameMs: 40 }))))
    const { first } = await loadUrls(await openHlsSession(kvs.url, { StreamName: 'slow-live', PlaybackMode: 'LIVE' }))
    const playlist = await loadMedia(first)
    expect(playlist.segments.map(({ duration }) => duration)).toEqual([2, 2, 2])
    expect(fragmentNumbers(playlist)).toHaveLength(3)
  })
})
