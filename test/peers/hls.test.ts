import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateStreamCommand } from '@aws-sdk/client-kinesis-video'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { getStream } from '../../src/kvs-server/operations/stream-checks.js'
import { ffmpeg as runFfmpeg } from '../support/ffmpeg.js'
import { readFixture } from '../support/fixtures.js'
import { startTestGateway } from '../support/gateway-test.js'
import { playInChromium } from '../support/hls-in-chromium.js'
import { openHlsSession } from '../support/hls-player.js'
import { type KvsTestServer, startKvsTestServer } from '../support/kvs-test-server.js'
import { findPeer, runProgram } from '../support/peer-programs.js'
import { upload } from '../support/producer.js'

const START = Math.floor(Date.now() / 1000) - 600
const FILES = ['h264-aac.mkv', 'h264-bframes-aac.mkv', 'hevc-aac.mkv', 'h264-only.mkv'] as const

let kvs: KvsTestServer
let [ffmpeg, ffprobe] = ['', '']

beforeAll(async () => {
  for (const peer of ['ffmpeg', 'ffprobe'] as const) process.stderr.write(`${peer}: ${(await findPeer(peer)).version}\n`)
  ffmpeg = (await findPeer('ffmpeg')).path
  ffprobe = (await findPeer('ffprobe')).path
  kvs = await startKvsTestServer()
  for (const file of FILES) {
    await kvs.control.send(new CreateStreamCommand({ StreamName: file, DataRetentionInHours: 24 }))
    await upload(kvs.url, readFixture(file), { stream: file, start: String(START) })
  }
})
afterAll(() => kvs?.[Symbol.asyncDispose]())

const TimestampRange = { StartTimestamp: new Date(START * 1000), EndTimestamp: new Date((START + 60) * 1000) }
const onDemand = (StreamName: string) =>
  openHlsSession(kvs.url, {
    StreamName,
    PlaybackMode: 'ON_DEMAND',
    HLSFragmentSelector: { FragmentSelectorType: 'PRODUCER_TIMESTAMP', TimestampRange },
    DisplayFragmentTimestamp: 'ALWAYS',
  })

interface Packet {
  readonly timeMs: number
  readonly hash: string
}

async function packets(url: string, kind: 'v' | 'a'): Promise<Packet[]> {
  const entries = ['-select_streams', kind, '-show_entries', 'packet=pts_time,data_hash', '-show_data_hash', 'md5', '-of', 'json']
  const { code, stdout, stderr } = await runProgram(ffprobe, ['-v', 'warning', ...entries, url])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const parsed: { packets: { pts_time: string; data_hash: string }[] } = JSON.parse(stdout)
  return parsed.packets.map((packet) => ({ timeMs: Number(packet.pts_time) * 1000, hash: packet.data_hash }))
}

describe.each(FILES)('ffmpeg, given the session of %s,', (file) => {
  test('decodes it without a message', async () => {
    const args = ['-v', 'warning', '-nostdin', '-i', await onDemand(file), '-fps_mode', 'passthrough', '-f', 'null', '-']
    expect(await runProgram(ffmpeg, args)).toMatchObject({ code: 0, stderr: '' })
  })

  test('reads every packet of the source at its time, with picture and sound in sync', async () => {
    const url = await onDemand(file)
    const [shown, source] = [await packets(url, 'v'), await packets(`test/fixtures/${file}`, 'v')]
    expect(shown.map(({ hash }) => hash)).toEqual(source.map(({ hash }) => hash))
    const shiftMs = (shown[0]?.timeMs ?? 0) - (source[0]?.timeMs ?? 0)
    shown.forEach(({ timeMs }, index) => {
      expect(timeMs - (source[index]?.timeMs ?? 0)).toBeCloseTo(shiftMs, 3)
    })
    if (file === 'h264-only.mkv') return
    const [heard, recorded] = [await packets(url, 'a'), await packets(`test/fixtures/${file}`, 'a')]
    expect(heard.map(({ hash }) => hash)).toEqual(recorded.map(({ hash }) => hash))
    heard.forEach(({ timeMs }, index) => {
      expect(Math.abs(timeMs - (recorded[index]?.timeMs ?? 0) - shiftMs)).toBeLessThanOrEqual(1.001)
    })
  })
})

test('ffprobe finds picture and sound in a LIVE session', async () => {
  const url = await openHlsSession(kvs.url, { StreamName: 'h264-aac.mkv' })
  const { stdout, stderr } = await runProgram(ffprobe, [
    '-v',
    'error',
    '-show_entries',
    'stream=codec_name,width,height',
    '-of',
    'json',
    url,
  ])
  expect(stderr).toBe('')
  expect(JSON.parse(stdout).streams).toEqual(
    expect.arrayContaining([{ codec_name: 'h264', width: 192, height: 108 }, { codec_name: 'aac' }]),
  )
})

test('ffmpeg reads the session that a client of the gateway gets', async () => {
  await using gateway = await startTestGateway(kvs)
  const range = { startTimestamp: TimestampRange.StartTimestamp.toISOString(), endTimestamp: TimestampRange.EndTimestamp.toISOString() }
  const query = `query ($range: TimestampRangeInput) { stream(name: "h264-bframes-aac.mkv") {
    hlsStreamingSession(playbackMode: ON_DEMAND, range: $range, fragmentSelectorType: PRODUCER_TIMESTAMP) { url expiresAt }
  } }`
  const { data, errors } = await gateway.ask(query, { range })
  expect(errors).toBeUndefined()
  const { stream }: { stream: { hlsStreamingSession: { url: string } } } = JSON.parse(JSON.stringify(data))
  const { url } = stream.hlsStreamingSession
  expect(await (await fetch(url.replace('Master', 'Media'))).text()).toContain('#EXT-X-PROGRAM-DATE-TIME:')
  expect((await packets(url, 'v')).length).toBe(100)
})

describe('hls.js in Chromium, on a page of another origin,', () => {
  test.each([
    ['PRODUCER_TIMESTAMP', 'NEVER', 'h264-aac.mkv'],
    ['PRODUCER_TIMESTAMP', 'NEVER', 'h264-bframes-aac.mkv'],
    ['PRODUCER_TIMESTAMP', 'ALWAYS', 'h264-bframes-aac.mkv'],
    // Received within milliseconds, and separated by discontinuities. The player still plays one fragment after another.
    ['SERVER_TIMESTAMP', 'ALWAYS', 'h264-aac.mkv'],
    ['SERVER_TIMESTAMP', 'ALWAYS', 'h264-bframes-aac.mkv'],
  ] as const)(
    'plays a session by %s with discontinuities %s to its end: %s',
    async (FragmentSelectorType, DiscontinuityMode, StreamName) => {
      const chromium = await findPeer('chromium')
      const profile = await mkdtemp(join(tmpdir(), 'clipgate-chromium-'))
      try {
        const { createdAtMs } = getStream(kvs.server.streams, { name: StreamName, arn: null })
        const received = { StartTimestamp: new Date(createdAtMs), EndTimestamp: new Date() }
        const url = await openHlsSession(kvs.url, {
          StreamName,
          PlaybackMode: 'ON_DEMAND',
          HLSFragmentSelector: {
            FragmentSelectorType,
            TimestampRange: FragmentSelectorType === 'SERVER_TIMESTAMP' ? received : TimestampRange,
          },
          DiscontinuityMode,
          DisplayFragmentTimestamp: 'ALWAYS',
        })
        const played = await playInChromium(url, { chromium: chromium.path, profile })
        expect(played).toMatchObject({ bufferedRanges: 1, videoFrames: 100, problems: [] })
        expect(played.durationS).toBeGreaterThan(3.9)
        expect(played.durationS).toBeLessThan(4.2)
        expect(played.audioBytes).toBeGreaterThan(1000)
        if (FragmentSelectorType === 'PRODUCER_TIMESTAMP') expect(Math.abs(played.playingAtMs - START * 1000 - 4000)).toBeLessThan(150)
      } finally {
        await rm(profile, { recursive: true, force: true, maxRetries: 5 })
      }
    },
  )
})

test('hls.js in Chromium plays open GOPs to their end', async () => {
  const chromium = await findPeer('chromium')
  const profile = await mkdtemp(join(tmpdir(), 'clipgate-hls-open-'))
  try {
    const StreamName = 'open-gops'
    await kvs.control.send(new CreateStreamCommand({ StreamName, DataRetentionInHours: 24 }))
    const file = join(profile, 'open-gops.mkv')
    const code = ['-c:v', 'libx264', '-x264-params', 'open-gop=1:keyint=50', '-cluster_time_limit', '20000', '-cluster_size_limit', '50M']
    await runFfmpeg(['-f', 'lavfi', '-i', 'testsrc2=s=192x108:r=25:d=6', ...code, file])
    await upload(kvs.url, await readFile(file), { stream: StreamName, start: String(START) })
    const HLSFragmentSelector = { FragmentSelectorType: 'PRODUCER_TIMESTAMP' as const, TimestampRange }
    const url = await openHlsSession(kvs.url, { StreamName, PlaybackMode: 'ON_DEMAND', HLSFragmentSelector })
    const played = await playInChromium(url, { chromium: chromium.path, profile })
    expect(played).toMatchObject({ bufferedRanges: 1, videoFrames: 150, problems: [] })
  } finally {
    await rm(profile, { recursive: true, force: true, maxRetries: 5 })
  }
})

describe('hls.js in Chromium, given Clusters that do not begin with key frames,', () => {
  const file = 'hard/clusters-without-key.mkv'
  const by = { HLSFragmentSelector: { FragmentSelectorType: 'PRODUCER_TIMESTAMP' as const, TimestampRange } }
  test.each([
    ['ON_DEMAND', { ...by, DiscontinuityMode: 'NEVER' }],
    ['ON_DEMAND', { ...by, DiscontinuityMode: 'ALWAYS' }],
    ['LIVE_REPLAY', { ...by, MaxMediaPlaylistFragmentResults: 100 }],
    ['LIVE', { MaxMediaPlaylistFragmentResults: 100 }],
    [
      'LIVE',
      {
        HLSFragmentSelector: { FragmentSelectorType: 'PRODUCER_TIMESTAMP' },
        MaxMediaPlaylistFragmentResults: 100,
        DiscontinuityMode: 'NEVER',
      },
    ],
  ] as const)('plays all of it: %s, %j', async (PlaybackMode, input) => {
    const chromium = await findPeer('chromium')
    const profile = await mkdtemp(join(tmpdir(), 'clipgate-hls-key-'))
    try {
      const live = PlaybackMode === 'LIVE'
      const stream = `without-key-${PlaybackMode}-${'DiscontinuityMode' in input ? input.DiscontinuityMode : ''}`
      await kvs.control.send(new CreateStreamCommand({ StreamName: stream, DataRetentionInHours: 24 }))
      await upload(kvs.url, readFixture(file), { stream, start: String(START) })
      // The last footage of a live stream is shown when nothing follows it for ten seconds. A player holds back a tenth of a second of it.
      const url = await openHlsSession(kvs.url, { StreamName: stream, PlaybackMode, ...input })
      const played = await playInChromium(url, { chromium: chromium.path, profile }, live ? { untilS: 11.8 } : {})
      expect(played.bufferedRanges).toBe(1)
      expect(played.videoFrames).toBeGreaterThanOrEqual(live ? 294 : 300)
      if (!live) expect(played).toMatchObject({ durationS: expect.closeTo(12, 0), problems: [] })
    } finally {
      await rm(profile, { recursive: true, force: true, maxRetries: 5 })
    }
  })
})

test('hls.js in Chromium plays a camera with one frame a second and one frame in each fragment without a hole', async () => {
  const chromium = await findPeer('chromium')
  const folder = await mkdtemp(join(tmpdir(), 'clipgate-hls-slow-'))
  try {
    const file = join(folder, 'slow.mkv')
    const codec = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '1', '-pix_fmt', 'yuv420p', '-cluster_time_limit', '500']
    const input = ['-f', 'lavfi', '-i', 'testsrc2=s=192x108:r=1', '-t', '8']
    expect((await runProgram(ffmpeg, ['-v', 'error', ...input, ...codec, file])).code).toBe(0)
    await kvs.control.send(new CreateStreamCommand({ StreamName: 'slow', DataRetentionInHours: 24 }))
    await upload(kvs.url, new Uint8Array(await readFile(file)), { stream: 'slow', start: String(START) })
    const played = await playInChromium(await onDemand('slow'), { chromium: chromium.path, profile: join(folder, 'profile') })
    expect(played).toMatchObject({ bufferedRanges: 1, videoFrames: 8, problems: [] })
    expect(played.durationS).toBeCloseTo(8, 1)
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
})
