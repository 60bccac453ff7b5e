import { CreateStreamCommand, DeleteStreamCommand, UpdateDataRetentionCommand } from '@aws-sdk/client-kinesis-video'
import { GetHLSStreamingSessionURLCommand, KinesisVideoArchivedMediaClient } from '@aws-sdk/client-kinesis-video-archived-media'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { getStream } from '../../../src/kvs-server/operations/stream-checks.js'
import { UploadSession } from '../../../src/kvs-server/upload/upload-session.js'
import { NOW, SetClock } from '../../support/archive-for-test.js'
import { eventually } from '../../support/eventually.js'
import { readFixture } from '../../support/fixtures.js'
import { AVCC, footage, frame, recording, VIDEO } from '../../support/footage.js'
import { downloadTrack, fetchBytes, fetchText, fragmentNumbers, loadMedia, loadUrls, openHlsSession } from '../../support/hls-player.js'
import { type KvsTestServer, startKvsTestServer, TEST_CREDENTIALS } from '../../support/kvs-test-server.js'
import { bytesOf, cluster, simpleBlock, type TrackFields } from '../../support/mkv-builder.js'
import { readPackets, readTables } from '../../support/mp4-readers.js'
import { upload } from '../../support/producer.js'

const AAC: TrackFields = {
  number: 2,
  type: 2,
  codecId: 'A_AAC',
  codecPrivate: bytesOf(0x11, 0x88),
  audio: { sampleRate: 48_000, channels: 1 },
}

let clock: SetClock
let kvs: KvsTestServer

beforeEach(async () => {
  clock = new SetClock()
  kvs = await startKvsTestServer({ clock })
  // The stream is older than its footage.
  await create('cam')
  clock.at = NOW + 1000
})
afterEach(() => kvs[Symbol.asyncDispose]())

const create = (StreamName: string, DataRetentionInHours = 24) =>
  kvs.control.send(new CreateStreamCommand({ StreamName, DataRetentionInHours }))
const send = (body: Uint8Array, stream = 'cam') => upload(kvs.url, body, { stream, start: String(NOW / 1000) })

const range = (fromMs: number, toMs: number, FragmentSelectorType: 'PRODUCER_TIMESTAMP' | 'SERVER_TIMESTAMP' = 'PRODUCER_TIMESTAMP') => ({
  FragmentSelectorType,
  TimestampRange: { StartTimestamp: new Date(NOW + fromMs), EndTimestamp: new Date(NOW + toMs) },
})
const start = (input: object = {}) => openHlsSession(kvs.url, { StreamName: 'cam', ...input })
const onDemand = (fromMs = 0, toMs = 60_000) => start({ PlaybackMode: 'ON_DEMAND', HLSFragmentSelector: range(fromMs, toMs) })

/** The responses that a player gets. */
async function refusal(url: string): Promise<{ status: number; type: string | null; text: string }> {
  const response = await fetch(url)
  const { Message, message }: { Message?: string; message?: string } = JSON.parse(await response.text())
  return { status: response.status, type: response.headers.get('x-amzn-errortype'), text: Message ?? message ?? '' }
}

describe('a session is refused', () => {
  const timeRange = range(0, 1000)
  test.each([
    ['a range of a live session', { HLSFragmentSelector: timeRange }, /TimestampRange must not be given when PlaybackMode is LIVE/],
    ['no range on demand', { PlaybackMode: 'ON_DEMAND' }, /TimestampRange is required when PlaybackMode is ON_DEMAND/],
    ['no range to replay', { PlaybackMode: 'LIVE_REPLAY', HLSFragmentSelector: {} }, /TimestampRange is required/],
    [
      'no end on demand',
      { PlaybackMode: 'ON_DEMAND', HLSFragmentSelector: { TimestampRange: { StartTimestamp: new Date(NOW) } } },
      /EndTimestamp is required/,
    ],
    ['an end before the start', { PlaybackMode: 'ON_DEMAND', HLSFragmentSelector: range(1, 0) }, /must be later than start/],
    ['more than a day', { PlaybackMode: 'LIVE_REPLAY', HLSFragmentSelector: range(0, 86_400_001) }, /within 24 hours/],
    [
      'an end in the future, by server time',
      { PlaybackMode: 'ON_DEMAND', HLSFragmentSelector: range(0, 60_000, 'SERVER_TIMESTAMP') },
      /must be in the past/,
    ],
    [
      'a start before the stream, by server time',
      { PlaybackMode: 'ON_DEMAND', HLSFragmentSelector: range(-1, 500, 'SERVER_TIMESTAMP') },
      /Start timestamp \d+ is outside of the stream retention period/,
    ],
    [
      'such a start without an end',
      {
        PlaybackMode: 'LIVE_REPLAY',
        HLSFragmentSelector: { FragmentSelectorType: 'SERVER_TIMESTAMP', TimestampRange: { StartTimestamp: new Date(NOW - 1) } },
      },
      /outside of the stream retention period/,
    ],
    ['a mode that there is not', { PlaybackMode: 'EVENT' }, /PlaybackMode must be one of LIVE, LIVE_REPLAY, ON_DEMAND/],
    ['a clock that there is not', { HLSFragmentSelector: { FragmentSelectorType: 'SUN' } }, /FragmentSelectorType must be one of/],
    ['a discontinuity mode that there is not', { DiscontinuityMode: 'SOMETIMES' }, /DiscontinuityMode must be one of/],
    ['timestamps shown otherwise', { DisplayFragmentTimestamp: 'YES' }, /DisplayFragmentTimestamp must be one of/],
    ['transport streams', { ContainerFormat: 'MPEG_TS' }, /MPEG_TS is not offered/],
    ['a container that there is not', { ContainerFormat: 'OGG' }, /ContainerFormat must be one of/],
    ['an expiry under five minutes', { Expires: 299 }, /Expires must be a whole number from 300 to 43200/],
    ['an expiry over twelve hours', { Expires: 43_201 }, /Expires must be a whole number from 300 to 43200/],
    ['a playlist of nothing', { MaxMediaPlaylistFragmentResults: 0 }, /from 1 to 5000/],
    ['a playlist of too much', { MaxMediaPlaylistFragmentResults: 5001 }, /from 1 to 5000/],
    ['no stream', { StreamName: undefined }, /StreamName or StreamARN is required/],
  ])('with %s', async (_, input, message) => {
    await send(recording([footage(0), footage(1000)]))
    await expect(start(input)).rejects.toMatchObject({ name: 'InvalidArgumentException', message: expect.stringMatching(message) })
  })

  test('for a stream that does not exist', async () => {
    await expect(start({ StreamName: 'nobody' })).rejects.toMatchObject({ name: 'ResourceNotFoundException' })
  })

  test('for a stream without retention', async () => {
    await create('live-only', 0)
    await expect(start({ StreamName: 'live-only' })).rejects.toMatchObject({ name: 'NoDataRetentionException' })
  })

  test.each([
    {},
    { PlaybackMode: 'ON_DEMAND', HLSFragmentSelector: timeRange },
    { PlaybackMode: 'LIVE_REPLAY', HLSFragmentSelector: timeRange },
  ])('when there is nothing to play: %j', async (input) => {
    await expect(start(input)).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: 'No fragments found in the stream for the streaming request.',
    })
  })

  const video = { ...VIDEO, codecPrivate: AVCC }
  test.each([
    ['UnsupportedStreamMediaTypeException', [{ ...video, codecId: 'V_VP9' }]],
    ['UnsupportedStreamMediaTypeException', [video, { ...AAC, codecId: 'A_OPUS' }]],
    [
      'UnsupportedStreamMediaTypeException',
      [
        { ...AAC, number: 1 },
        { ...video, number: 2 },
      ],
    ],
    ['MissingCodecPrivateDataException', [{ number: 1, video: { width: 64, height: 48 } }]],
    ['InvalidCodecPrivateDataException', [{ ...video, codecPrivate: bytesOf(0, 0, 0, 1, 0x67) }]],
  ] as const)('with %s for %j', async (name, tracks) => {
    const blocks = tracks.map(({ number }) => simpleBlock({ track: number, time: 0, isKey: true, payload: frame(20) }))
    await send(recording([cluster(0, blocks)], tracks))
    await expect(start()).rejects.toMatchObject({ name })
  })

  test('with G.711, which is never sent to a player', async () => {
    await send(readFixture('h264-alaw.mkv'))
    await expect(onDemand()).rejects.toMatchObject({
      name: 'UnsupportedStreamMediaTypeException',
      message: expect.stringContaining('(track 1: V_MPEG4/ISO/AVC), (track 2: A_MS/ACM)'),
    })
  })
})

describe('the URL of a session', () => {
  test('reveals none of its content, and no two URLs are the same', async () => {
    await send(recording([footage(0)]))
    const [one, other] = [await onDemand(), await onDemand()]
    expect(one).not.toBe(other)
    const token = new URL(one).searchParams.get('SessionToken') ?? ''
    expect(Buffer.from(token, 'base64url').toString('latin1')).not.toMatch(/cam|LIVE|DEMAND|server|producer/)
  })

  test('opens until it expires', async () => {
    await send(recording([footage(0)]))
    const master = await start({ PlaybackMode: 'ON_DEMAND', HLSFragmentSelector: range(0, 1), Expires: 300 })
    const { first } = await loadUrls(master)
    const fragment = new URL((await loadMedia(first)).segments[0]?.uri ?? '', first).href
    clock.at += 299_999
    for (const url of [master, first, fragment]) expect((await fetch(url)).status).toBe(200)
    clock.at += 1
    for (const url of [master, first, fragment]) {
      expect(await refusal(url)).toEqual({ status: 403, type: 'ExpiredTokenException', text: 'Streaming session token is expired' })
    }
  })

  test('is refused when it is modified', async () => {
    await send(recording([footage(0)]))
    const master = await onDemand()
    const forged = master.replace(/SessionToken=(.)/, (_, letter: string) => `SessionToken=${letter === 'A' ? 'B' : 'A'}`)
    const bare = master.split('?')[0] ?? ''
    for (const url of [forged, bare, `${bare}?SessionToken=`, `${bare}?SessionToken=x`, `${bare}?SessionToken=${'A'.repeat(8000)}`]) {
      expect(await refusal(url)).toMatchObject({ status: 403, type: 'UnrecognizedClientException' })
    }
    await using other = await startKvsTestServer()
    expect(await refusal(master.replace(kvs.url, other.url))).toMatchObject({ status: 403 })
  })

  test('gives access only to the requested footage', async () => {
    await send(recording([footage(0), footage(1000), footage(2000)]))
    await create('other')
    await send(recording([footage(1000)]), 'other')
    const all = (await loadUrls(await onDemand())).first
    const [before = '', inside = '', after = ''] = (await loadMedia(all)).segments.map(({ uri }) => new URL(uri, all).search)
    const narrow = (await loadUrls(await onDemand(500, 1500))).first
    const foreign = (await loadUrls(await start({ StreamName: 'other' }))).first
    const status = async (session: string, search: string) => {
      const number = new URLSearchParams(search).get('FragmentNumber') ?? ''
      const url = session.replace('getHLSMediaPlaylist.m3u8?', `getMP4MediaFragment.mp4?FragmentNumber=${number}&`)
      return (await fetch(url)).status
    }
    expect(await Promise.all([before, inside, after].map((search) => status(narrow, search)))).toEqual([404, 200, 404])
    expect(await status(foreign, inside)).toBe(404)
    for (const number of ['', '0', 'x', '1'.repeat(47), '1'.repeat(500)]) {
      expect([400, 404]).toContain(await status(narrow, `?FragmentNumber=${number}`))
    }
    for (const track of ['0', '2', '-1', 'x', '']) {
      expect((await fetch(narrow.replace('TrackNumber=1', `TrackNumber=${track}`))).status).toBe(400)
    }
    const init = narrow.replace('getHLSMediaPlaylist.m3u8', 'getMP4InitFragment.mp4')
    expect((await fetch(init)).status).toBe(200)
    expect((await fetch(`${init}&SequenceNumber=2`)).status).toBe(404)
    expect((await fetch(`${init}&SequenceNumber=99999`)).status).toBe(404)
  })

  test('ends with the stream, and with its retention', async () => {
    await send(recording([footage(0)]))
    const stream = () => getStream(kvs.server.streams, { name: 'cam', arn: null })
    const master = await onDemand()
    await kvs.control.send(new DeleteStreamCommand({ StreamARN: stream().arn }))
    expect(await refusal(master)).toMatchObject({ status: 404, type: 'ResourceNotFoundException' })
    clock.at += 1000
    await create('cam')
    expect(await refusal(master)).toMatchObject({ status: 404 })
    await send(recording([footage(0)]))
    const again = await onDemand()
    const change = { StreamARN: stream().arn, CurrentVersion: stream().version, DataRetentionChangeInHours: 24 }
    await kvs.control.send(new UpdateDataRetentionCommand({ ...change, Operation: 'DECREASE_DATA_RETENTION' }))
    clock.at += 1
    expect(await refusal(again)).toMatchObject({
      status: 404,
      text: 'No fragments found in the stream for the streaming request.',
    })
  })

  test('has the address of the proxy that terminates TLS for the player', async () => {
    await send(recording([footage(0)]))
    const answer = await kvs.post('/getHLSStreamingSessionURL', { StreamName: 'cam' }, { 'x-forwarded-proto': 'https' })
    const body: { HLSStreamingSessionURL: string } = JSON.parse(await answer.text())
    expect(body.HLSStreamingSessionURL).toMatch(`${kvs.url.replace('http:', 'https:')}/hls/v1/getHLSMasterPlaylist.m3u8`)
  })

  test('can be read by pages of any origin, and by HEAD', async () => {
    await send(recording([footage(0)]))
    const master = await onDemand()
    const { first } = await loadUrls(master)
    const { segments } = await loadMedia(first)
    const init = new URL(segments[0]?.map.uri ?? '', first).href
    const fragment = new URL(segments[0]?.uri ?? '', first).href
    const types = ['application/vnd.apple.mpegurl', 'application/vnd.apple.mpegurl', 'video/mp4', 'video/mp4']
    for (const [index, url] of [master, first, init, fragment].entries()) {
      const response = await fetch(url, { headers: { origin: 'https://player.example.com' } })
      const { headers } = response
      const bytes = (await response.arrayBuffer()).byteLength
      expect({
        status: response.status,
        type: headers.get('content-type'),
        origin: headers.get('access-control-allow-origin'),
        policy: headers.get('cross-origin-resource-policy'),
        length: headers.get('content-length'),
        kept: headers.get('cache-control'),
      }).toEqual({
        status: 200,
        type: types[index],
        origin: '*',
        policy: 'cross-origin',
        length: String(bytes),
        kept: index < 2 ? 'no-cache' : 'private, max-age=300, immutable',
      })
      const head = await fetch(url, { method: 'HEAD' })
      expect({ status: head.status, length: head.headers.get('content-length') }).toEqual({ status: 200, length: String(bytes) })
      const preflight = await fetch(url, { method: 'OPTIONS', headers: { origin: 'https://player.example.com' } })
      expect({ status: preflight.status, origin: preflight.headers.get('access-control-allow-origin') }).toEqual({
        status: 204,
        origin: '*',
      })
    }
    expect((await fetch(`${master}x`)).headers.get('access-control-allow-origin')).toBe('*')
  })

  test('needs no signature where every other request does', async () => {
    await using signed = await startKvsTestServer({
      accessKeys: [TEST_CREDENTIALS],
    })
    await signed.control.send(new CreateStreamCommand({ StreamName: 'cam', DataRetentionInHours: 24 }))
    const client = new KinesisVideoArchivedMediaClient({ endpoint: signed.url, region: 'us-east-1', credentials: TEST_CREDENTIALS })
    const body = recording([footage(0)])
    const stream = getStream(signed.server.streams, { name: 'cam', arn: null })
    const session = new UploadSession({
      archive: signed.server.archive.writer,
      clock: { now: () => Date.now() },
      streamId: stream.id,
      producerStartMs: Date.now(),
      findStream: () => stream,
      acknowledge: () => {},
    })
    await session.receive(body)
    await session.finish()
    const { HLSStreamingSessionURL = '' } = await client.send(new GetHLSStreamingSessionURLCommand({ StreamName: 'cam' }))
    client.destroy()
    expect((await downloadTrack((await loadUrls(HLSStreamingSessionURL)).first)).byteLength).toBeGreaterThan(500)
    expect((await signed.post('/getHLSStreamingSessionURL', { StreamName: 'cam' })).status).toBe(403)
  })
})

describe('the played footage', () => {
  test('can be sound only', async () => {
    const tracks = [{ ...AAC, number: 1 }]
    const blocks = (ms: number) =>
      Array.from({ length: 10 }, (_, index) =>
        simpleBlock({ track: 1, time: index * 20, isKey: true, payload: bytesOf(ms & 255, index, 1, 2) }),
      )
    await send(recording([cluster(0, blocks(0)), cluster(200, blocks(200))], tracks))
    const { master, first, audio } = await loadUrls(await onDemand())
    expect(master.variants[0]).toMatchObject({ codecs: 'mp4a.40.2' })
    expect(audio).toBeNull()
    const packets = await readPackets(await downloadTrack(first), 'audio')
    expect(packets).toHaveLength(20)
  })

  test('can change its CodecPrivate: the playlist then has another initialization fragment', async () => {
    const wider = { ...VIDEO, video: { width: 128, height: 96 } }
    await send(recording([footage(0), footage(1000)]))
    // A reconnection alone is not a change.
    await send(recording([footage(2000)]))
    await send(recording([footage(3000), footage(4000)], [wider]))
    const { first } = await loadUrls(await onDemand())
    const { segments } = await loadMedia(first)
    const maps = segments.map(({ map }) => map.uri)
    expect(new Set(maps).size).toBe(2)
    expect(maps.lastIndexOf(maps[0] ?? '')).toBe(2)
    const inits = await Promise.all([...new Set(maps)].map((uri) => fetchBytes(new URL(uri, first).href)))
    const sizes = inits.map((init) => {
      const tkhd = Buffer.from(init).indexOf('tkhd') + 4
      const view = new DataView(init.buffer, init.byteOffset)
      return [view.getUint32(tkhd + 76) / 65_536, view.getUint32(tkhd + 80) / 65_536]
    })
    expect(sizes).toEqual([
      [64, 48],
      [128, 96],
    ])
    expect(readTables(await downloadTrack(first))[0]?.samples.length).toBeGreaterThan(0)
  })

  test('cannot change its codecs: the fragment that does is refused', async () => {
    await send(recording([footage(0)]))
    const blocks = [
      simpleBlock({ track: 1, time: 0, isKey: true, payload: frame(20) }),
      simpleBlock({ track: 2, time: 0, isKey: true, payload: bytesOf(1, 2, 3) }),
    ]
    await send(recording([cluster(1000, blocks)], [VIDEO, AAC]))
    const { first } = await loadUrls(await onDemand())
    const { segments } = await loadMedia(first)
    const urls = segments.map(({ uri }) => new URL(uri, first).href)
    expect((await fetch(urls[0] ?? '')).status).toBe(200)
    expect(await refusal(urls[1] ?? '')).toMatchObject({ status: 400, type: 'UnsupportedStreamMediaTypeException' })
  })

  test('stays the same when more footage of the range arrives', async () => {
    await send(recording([footage(0), footage(1000)]))
    const { first } = await loadUrls(await onDemand())
    const before = await fetchText(first)
    await send(recording([footage(2000)]))
    expect(await fetchText(first)).toBe(before)
    expect(fragmentNumbers(await loadMedia((await loadUrls(await onDemand())).first))).toHaveLength(3)
  })
})

describe('the quotas of a session', () => {
  test('are five playlists and twenty fragments a second, counted separately', async () => {
    await using limited = await startKvsTestServer({ clock, quotas: true })
    await limited.control.send(new CreateStreamCommand({ StreamName: 'cam', DataRetentionInHours: 24 }))
    await upload(limited.url, recording([footage(0)]), { stream: 'cam', start: String(NOW / 1000) })
    const master = await openHlsSession(limited.url, { StreamName: 'cam' })
    const other = await openHlsSession(limited.url, { StreamName: 'cam' })
    const { first } = await loadUrls(master)
    const { segments } = await loadMedia(first)
    const init = new URL(segments[0]?.map.uri ?? '', first).href
    const fragment = new URL(segments[0]?.uri ?? '', first).href
    const admitted = async (url: string) => {
      for (let count = 0; count < 50; count += 1) {
        const response = await fetch(url)
        await response.arrayBuffer()
        if (response.status !== 200) return { count, type: response.headers.get('x-amzn-errortype') }
      }
      return null
    }
    const type = 'ClientLimitExceededException'
    expect(await admitted(master)).toEqual({ count: 4, type })
    expect(await admitted(first)).toEqual({ count: 4, type })
    expect(await admitted(init)).toEqual({ count: 5, type })
    expect(await admitted(fragment)).toEqual({ count: 20, type })
    expect(await admitted(other)).toEqual({ count: 5, type })
    clock.at += 1000
    expect((await fetch(fragment)).status).toBe(200)
  })

  test('consume points of the stream: the maximum length of the playlist, and one for each fragment', async () => {
    await using limited = await startKvsTestServer({ clock, quotas: true })
    await limited.control.send(new CreateStreamCommand({ StreamName: 'cam', DataRetentionInHours: 24 }))
    await upload(limited.url, recording([footage(0)]), { stream: 'cam', start: String(NOW / 1000) })
    const open = async () =>
      (await loadUrls(await openHlsSession(limited.url, { StreamName: 'cam', MaxMediaPlaylistFragmentResults: 5000 }))).first
    const [one, other, third] = [await open(), await open(), await open()]
    expect([(await fetch(one)).status, (await fetch(other)).status, (await fetch(third)).status]).toEqual([200, 200, 400])
  })

  test('are counted, with the sent bytes', async () => {
    await send(recording([footage(0)]))
    const { first } = await loadUrls(await onDemand())
    await downloadTrack(first)
    // A body is counted once it has been sent, and its reader may notice the end earlier.
    await eventually(async () => {
      const metrics = await fetchText(`${kvs.url}/metrics`)
      for (const name of ['get_hls_master_playlist', 'get_hls_media_playlist', 'get_mp4_init_fragment', 'get_mp4_media_fragment']) {
        expect(metrics).toContain(`kvs_${name}_requests_total{outcome="ok"} 1\n`)
      }
      expect(metrics).toMatch(/kvs_get_mp4_media_fragment_outgoing_bytes_total [1-9]\d+\n/)
    })
  })
})

test('fault rules apply to the requests of players', async () => {
  await using faulty = await startKvsTestServer({ clock, faults: true })
  await faulty.control.send(new CreateStreamCommand({ StreamName: 'cam', DataRetentionInHours: 24 }))
  await upload(faulty.url, recording([footage(0)]), { stream: 'cam', start: String(NOW / 1000) })
  const { first } = await loadUrls(await openHlsSession(faulty.url, { StreamName: 'cam' }))
  const rule = { operation: 'GetMP4MediaFragment', stream: 'cam', times: 1, fault: { kind: 'throttle' } }
  expect((await faulty.post('/_faults', rule)).status).toBe(200)
  const fragment = new URL((await loadMedia(first)).segments[0]?.uri ?? '', first).href
  expect(await refusal(fragment)).toMatchObject({ status: 400, type: 'ClientLimitExceededException' })
  expect((await fetch(fragment)).status).toBe(200)
})
