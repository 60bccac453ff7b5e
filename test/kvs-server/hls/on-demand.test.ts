import { CreateStreamCommand } from '@aws-sdk/client-kinesis-video'
import type { GetHLSStreamingSessionURLInput } from '@aws-sdk/client-kinesis-video-archived-media'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { getStream } from '../../../src/kvs-server/operations/stream-checks.js'
import { readFixture } from '../../support/fixtures.js'
import { footage, recording } from '../../support/footage.js'
import { downloadTrack, fetchText, fragmentNumbers, loadMedia, loadUrls, openHlsSession } from '../../support/hls-player.js'
import { type KvsTestServer, startKvsTestServer } from '../../support/kvs-test-server.js'
import { readPackets, readTables } from '../../support/mp4-readers.js'
import { upload } from '../../support/producer.js'

const START = Math.floor(Date.now() / 1000) - 600
let kvs: KvsTestServer

beforeAll(async () => {
  kvs = await startKvsTestServer()
})
afterAll(() => kvs?.[Symbol.asyncDispose]())

async function record(stream: string, ...files: readonly Uint8Array[]): Promise<void> {
  await kvs.control.send(new CreateStreamCommand({ StreamName: stream, DataRetentionInHours: 24 }))
  for (const file of files) await upload(kvs.url, file, { stream, start: String(START) })
}

const onDemand = (stream: string, input: Partial<GetHLSStreamingSessionURLInput> = {}) =>
  openHlsSession(kvs.url, {
    StreamName: stream,
    PlaybackMode: 'ON_DEMAND',
    HLSFragmentSelector: {
      FragmentSelectorType: 'PRODUCER_TIMESTAMP',
      TimestampRange: { StartTimestamp: new Date(START * 1000), EndTimestamp: new Date((START + 60) * 1000) },
    },
    ...input,
  })

describe.each([
  ['h264-aac.mkv', 'avc1.64000B,mp4a.40.2'],
  ['h264-bframes-aac.mkv', 'avc1.64000B,mp4a.40.2'],
  ['hevc-aac.mkv', expect.stringMatching(/^hvc1\.1\.\d\.L\d+\.\w+,mp4a\.40\.2$/)],
  ['h264-only.mkv', 'avc1.64000B'],
])('the footage of %s', (file, codecs) => {
  const stream = file.replace('.mkv', '')
  beforeAll(() => record(stream, readFixture(file)))

  test('is described to the player', async () => {
    const { master, audio } = await loadUrls(await onDemand(stream))
    expect(master.variants).toHaveLength(1)
    expect(master.variants[0]).toMatchObject({ codecs, resolution: { width: 192, height: 108 }, frameRate: 25 })
    expect(master.variants[0]?.bandwidth).toBeGreaterThan(10_000)
    expect(audio === null).toBe(file === 'h264-only.mkv')
  })

  test('plays frame for frame, each at its time, with picture and sound in sync', async () => {
    const { first, audio } = await loadUrls(await onDemand(stream))
    let shiftMs: number | null = null
    for (const [kind, url] of [['video', first] as const, ...(audio === null ? [] : [['audio', audio] as const])]) {
      const source = await readPackets(readFixture(file), kind)
      const played = await readPackets(await downloadTrack(url), kind)
      expect(played.map(({ md5, isKey }) => ({ md5, isKey }))).toEqual(source.map(({ md5, isKey }) => ({ md5, isKey })))
      const shifts = played.map(({ at }, index) => (at - (source[index]?.at ?? 0)) * 1000)
      const shift: number = shiftMs ?? shifts[0] ?? 0
      shiftMs = shift
      // Sound differs by as much as the source rounds its times.
      expect(Math.max(...shifts.map((each) => Math.abs(each - shift)))).toBeLessThanOrEqual(kind === 'video' ? 0.001 : 1.001)
    }
  })

  test('is decoded in order across the borders of fragments', async () => {
    const { first } = await loadUrls(await onDemand(stream))
    const [track] = readTables(await downloadTrack(first))
    const samples = track?.samples ?? []
    expect(samples.length).toBeGreaterThan(70)
    samples.forEach(({ dts, cts }, index) => {
      expect(cts).toBeGreaterThanOrEqual(dts)
      if (index > 0) expect(dts).toBeGreaterThan(samples[index - 1]?.dts ?? 0)
    })
  })
})

describe('an ON_DEMAND playlist', () => {
  test('is written as the service writes it', async () => {
    const { first } = await loadUrls(await onDemand('h264-aac', { DisplayFragmentTimestamp: 'ALWAYS' }))
    const lines = (await fetchText(first)).replaceAll(/SessionToken=[^&"]+/g, 'SessionToken=…').split('\n')
    expect(lines.slice(0, 10)).toEqual([
      '#EXTM3U',
      '#EXT-X-VERSION:7',
      '#EXT-X-PLAYLIST-TYPE:VOD',
      '#EXT-X-TARGETDURATION:1',
      '#EXT-X-MEDIA-SEQUENCE:1',
      '#EXT-X-INDEPENDENT-SEGMENTS',
      expect.stringMatching(/^#EXT-X-MAP:URI="getMP4InitFragment\.mp4\?SessionToken=…&TrackNumber=1&SequenceNumber=\d+"$/),
      expect.stringMatching(/^#EXT-X-PROGRAM-DATE-TIME:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      '#EXTINF:1,',
      expect.stringMatching(/^getMP4MediaFragment\.mp4\?FragmentNumber=\d{47}&SessionToken=…&TrackNumber=1$/),
    ])
    expect(lines.slice(-2)).toEqual(['#EXT-X-ENDLIST', ''])
  })

  test('shows the timestamps that ListFragments returns, by the clock of the selector', async () => {
    const range = { StartTimestamp: new Date((START - 60) * 1000), EndTimestamp: new Date() }
    for (const FragmentSelectorType of ['PRODUCER_TIMESTAMP', 'SERVER_TIMESTAMP'] as const) {
      const FragmentSelector = { FragmentSelectorType, TimestampRange: { StartTimestamp: START - 60, EndTimestamp: Date.now() / 1000 } }
      // By server time, the range begins with the stream itself.
      const created = await getStream(kvs.server.streams, { name: 'h264-aac', arn: null })
      if (FragmentSelectorType === 'SERVER_TIMESTAMP') range.StartTimestamp = new Date(created.createdAtMs)
      const listed = await (await kvs.post('/listFragments', { StreamName: 'h264-aac', FragmentSelector })).text()
      const { Fragments }: { Fragments: { FragmentNumber: string; ProducerTimestamp: number; ServerTimestamp: number }[] } =
        JSON.parse(listed)
      const HLSFragmentSelector = { FragmentSelectorType, TimestampRange: range }
      const { first } = await loadUrls(await onDemand('h264-aac', { HLSFragmentSelector, DisplayFragmentTimestamp: 'ALWAYS' }))
      const playlist = await loadMedia(first)
      expect(fragmentNumbers(playlist)).toEqual(Fragments.map(({ FragmentNumber }) => FragmentNumber))
      expect(playlist.segments.map(({ programDateTime }) => programDateTime?.getTime())).toEqual(
        Fragments.map((row) =>
          Math.round((FragmentSelectorType === 'PRODUCER_TIMESTAMP' ? row.ProducerTimestamp : row.ServerTimestamp) * 1000),
        ),
      )
    }
  })

  test('shows no timestamps unless requested', async () => {
    const { first } = await loadUrls(await onDemand('h264-aac'))
    expect(await fetchText(first)).not.toContain('PROGRAM-DATE-TIME')
  })

  test('contains the oldest fragments, up to the requested number', async () => {
    const all = await loadMedia((await loadUrls(await onDemand('h264-aac'))).first)
    const some = await loadMedia((await loadUrls(await onDemand('h264-aac', { MaxMediaPlaylistFragmentResults: 2 }))).first)
    expect(all.segments.length).toBe(4)
    expect(fragmentNumbers(some)).toEqual(fragmentNumbers(all).slice(0, 2))
    expect(some.endlist).toBe(true)
  })

  test.each([
    ['ALWAYS', [undefined, true, true, true, true]],
    ['NEVER', [undefined, undefined, undefined, undefined, undefined]],
    ['ON_DISCONTINUITY', [undefined, undefined, undefined, true, true]],
  ] as const)('marks discontinuities between fragments: %s', async (DiscontinuityMode, expected) => {
    const stream = `apart-${DiscontinuityMode}`
    // 50 ms late is still in sync. 51 ms late or early is not.
    await record(stream, recording([footage(0), footage(1000), footage(2050), footage(3101), footage(4050)]))
    const playlist = await loadMedia((await loadUrls(await onDemand(stream, { DiscontinuityMode }))).first)
    expect(playlist.segments.map(({ discontinuity }) => discontinuity)).toEqual(expected)
  })

  test('shows the fragment with the largest number among those with the same producer timestamp', async () => {
    await record('twice', recording([footage(0), footage(1000)]), recording([footage(0), footage(1000), footage(2000)]))
    const playlist = await loadMedia((await loadUrls(await onDemand('twice'))).first)
    const FragmentSelector = {
      FragmentSelectorType: 'PRODUCER_TIMESTAMP',
      TimestampRange: { StartTimestamp: START, EndTimestamp: START + 60 },
    }
    const listed = await (await kvs.post('/listFragments', { StreamName: 'twice', FragmentSelector })).text()
    const { Fragments }: { Fragments: { FragmentNumber: string }[] } = JSON.parse(listed)
    expect(Fragments).toHaveLength(5)
    const newest = Fragments.map(({ FragmentNumber }) => FragmentNumber)
      .sort()
      .slice(-3)
    expect(fragmentNumbers(playlist)).toEqual(newest)
  })
})
