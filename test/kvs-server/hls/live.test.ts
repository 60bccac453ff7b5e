import { CreateStreamCommand } from '@aws-sdk/client-kinesis-video'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { NOW, SetClock } from '../../support/archive-for-test.js'
import { footage, header } from '../../support/footage.js'
import { downloadTrack, fragmentNumbers, loadMedia, loadUrls, type MediaPlaylist, openHlsSession } from '../../support/hls-player.js'
import { type KvsTestServer, startKvsTestServer } from '../../support/kvs-test-server.js'
import { readPackets } from '../../support/mp4-readers.js'
import { Producer } from '../../support/producer.js'

let clock: SetClock
let kvs: KvsTestServer
let producer: Producer
let numbers: string[]

beforeEach(async () => {
  clock = new SetClock()
  kvs = await startKvsTestServer({ clock })
  await kvs.control.send(new CreateStreamCommand({ StreamName: 'cam', DataRetentionInHours: 24 }))
  producer = new Producer(kvs.url, { stream: 'cam', start: String(NOW / 1000) })
  await producer.send(header())
  numbers = []
})
afterEach(async () => {
  producer.request.end()
  await producer.answer.catch(() => {})
  await kvs[Symbol.asyncDispose]()
})

/** A fragment of one second at a second of the recording, received at that time or another. */
async function send(second: number, receivedAtMs = NOW + second * 1000): Promise<void> {
  clock.at = receivedAtMs
  await producer.send(footage(second * 1000, { form: 'known' }))
  const { FragmentNumber = '' } = await producer.until('PERSISTED', numbers.length + 1)
  numbers.push(FragmentNumber)
}

const start = (input: object = {}) => openHlsSession(kvs.url, { StreamName: 'cam', ...input })
const load = async (master: string) => loadMedia((await loadUrls(master)).first)
const sequences = ({ segments }: MediaPlaylist) => segments.map(({ mediaSequenceNumber }) => mediaSequenceNumber)

describe('a LIVE session', () => {
  test('begins with the newest fragments and follows the stream', async () => {
    for (let second = 0; second < 7; second += 1) await send(second)
    const master = await start()
    const before = await load(master)
    expect({ numbers: fragmentNumbers(before), sequences: sequences(before) }).toEqual({
      numbers: numbers.slice(2),
      sequences: [0, 1, 2, 3, 4],
    })
    expect(before).toMatchObject({ endlist: false, playlistType: undefined })
    for (let second = 7; second < 10; second += 1) await send(second)
    const after = await load(master)
    expect({ numbers: fragmentNumbers(after), sequences: sequences(after) }).toEqual({
      numbers: numbers.slice(5),
      sequences: [3, 4, 5, 6, 7],
    })
  })

  test('keeps its discontinuity sequence when discontinuities leave the playlist', async () => {
    for (let second = 0; second < 3; second += 1) await send(second)
    const master = await start({ MaxMediaPlaylistFragmentResults: 3 })
    const discontinuities = async () => (await load(master)).segments.map(({ discontinuitySequence }) => discontinuitySequence)
    expect(await discontinuities()).toEqual([0, 1, 2])
    await send(3)
    await send(4)
    expect(await discontinuities()).toEqual([2, 3, 4])
  })

  test('continues its times, so that earlier and later downloads form one recording', async () => {
    for (let second = 0; second < 3; second += 1) await send(second)
    const { first } = await loadUrls(await start({ MaxMediaPlaylistFragmentResults: 2, DiscontinuityMode: 'NEVER' }))
    const early = await readPackets(await downloadTrack(first), 'video')
    for (let second = 3; second < 5; second += 1) await send(second)
    const late = await readPackets(await downloadTrack(first), 'video')
    const times = [...early, ...late].map(({ at }) => Math.round((at - (early[0]?.at ?? 0)) * 1000))
    expect(times).toEqual(Array.from({ length: 20 }, (_, index) => index * 200))
  })

  test('excludes footage that is older by producer time than the newest footage that it has shown', async () => {
    await send(0)
    await send(10)
    const master = await start({ HLSFragmentSelector: { FragmentSelectorType: 'PRODUCER_TIMESTAMP' } })
    expect(fragmentNumbers(await load(master))).toEqual(numbers)
    producer.request.end()
    await producer.answer
    producer = new Producer(kvs.url, { stream: 'cam', start: String(NOW / 1000) })
    await producer.send(header())
    const shown = numbers
    numbers = []
    clock.at += 1000
    await producer.send(footage(5000))
    await producer.until('PERSISTED', 1)
    await producer.send(footage(11_000))
    const { FragmentNumber = '' } = await producer.until('PERSISTED', 2)
    expect(fragmentNumbers(await load(master))).toEqual([...shown, FragmentNumber])
  })

  test('includes fragments that were received in the same millisecond', async () => {
    for (let second = 0; second < 8; second += 1) {
      await send(second, NOW)
    }
    expect(fragmentNumbers(await load(await start()))).toEqual(numbers.slice(3))
  })

  test('does not reach back over a hole of half a minute', async () => {
    await send(0)
    await send(32)
    await send(33)
    expect(fragmentNumbers(await load(await start()))).toEqual(numbers.slice(1))
  })

  test('is refused when the newest footage is older than half a minute', async () => {
    await send(0)
    clock.at = NOW + 30_000
    await expect(start()).resolves.toContain('/hls/v1/getHLSMasterPlaylist.m3u8?SessionToken=')
    clock.at = NOW + 31_000
    await expect(start()).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: 'No fragments found in the stream for the streaming request.',
    })
  })
})

describe('a LIVE_REPLAY session', () => {
  const range = (from: number, to: number | null) => ({
    FragmentSelectorType: 'PRODUCER_TIMESTAMP' as const,
    TimestampRange: {
      StartTimestamp: new Date(NOW + from * 1000),
      ...(to === null ? {} : { EndTimestamp: new Date(NOW + to * 1000) }),
    },
  })

  test('adds a fragment each time that one has played, and ends after the last', async () => {
    for (let second = 0; second < 10; second += 1) await send(second)
    const master = await start({
      PlaybackMode: 'LIVE_REPLAY',
      HLSFragmentSelector: range(1, 8),
      MaxMediaPlaylistFragmentResults: 3,
    })
    const seen: unknown[] = []
    for (const passedMs of [0, 999, 1000, 2000, 4000, 5000, 60_000]) {
      clock.at = NOW + 9000 + passedMs
      const playlist = await load(master)
      seen.push([sequences(playlist)[0], fragmentNumbers(playlist).map((number) => numbers.indexOf(number)), playlist.endlist])
    }
    expect(seen).toEqual([
      [0, [1, 2, 3], false],
      [0, [1, 2, 3], false],
      [1, [2, 3, 4], false],
      [2, [3, 4, 5], false],
      [4, [5, 6, 7], false],
      [5, [6, 7, 8], true],
      [5, [6, 7, 8], true],
    ])
  })

  test('without an end continues with fragments that are ingested during playback', async () => {
    for (let second = 0; second < 3; second += 1) await send(second)
    const master = await start({ PlaybackMode: 'LIVE_REPLAY', HLSFragmentSelector: range(0, null) })
    expect(fragmentNumbers(await load(master))).toEqual(numbers)
    await send(3)
    await send(4)
    const playlist = await load(master)
    expect(fragmentNumbers(playlist)).toEqual(numbers)
    expect(playlist.endlist).toBe(false)
  })
})
