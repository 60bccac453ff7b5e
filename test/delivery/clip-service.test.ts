import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DeleteStreamCommand, DescribeStreamCommand } from '@aws-sdk/client-kinesis-video'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Clip } from '../../src/domain/clip.js'
import { sleep } from '../../src/lib/clock.js'
import { callsOf, downloadClip, getClip, whenEnded } from '../support/clip-calls.js'
import { askFor, type ClipHarness, SECRET, START, STREAM, startClipHarness, startFootage, tokenOf } from '../support/clip-harness.js'
import { demux, eventsOf } from '../support/demux.js'
import { eventually } from '../support/eventually.js'
import { readFixture } from '../support/fixtures.js'
import { AVCC, footage, recording, VIDEO } from '../support/footage.js'
import { enoughTime } from '../support/kvs-for-test.js'
import type { KvsTestServer } from '../support/kvs-test-server.js'
import { md5, readWithMediabunny, readWithMp4box } from '../support/mp4-packets.js'
import { recordPair } from '../support/paired-footage.js'
import { collect } from '../support/part-bodies.js'
import { upload } from '../support/producer.js'
import { createSpoiler } from '../support/spoilt-clips.js'

const DAY = 3_600_000

/** Video payloads of a document with their times, in decoding order. */
function videoOf(document: Uint8Array): { md5: string; timeMs: number }[] {
  return eventsOf(demux(document), 'cluster-end').flatMap(({ range, samples, timestampMs }) =>
    Array.from(samples.tracks.keys())
      .filter((row) => samples.tracks[row] === 1)
      .map((row) => {
        const start = range.start + (samples.offsets[row] ?? 0)
        return {
          md5: md5(document.subarray(start, start + (samples.sizes[row] ?? 0))),
          timeMs: timestampMs + (samples.times[row] ?? 0),
        }
      }),
  )
}

async function storedFiles(folder: string) {
  return (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
}

describe('a clip of one part', () => {
  const source = readFixture('h264-bframes-aac.mkv')
  let server: KvsTestServer
  let harness: ClipHarness
  beforeAll(async () => {
    server = await startFootage([source])
    harness = await startClipHarness(server.url)
  })
  afterAll(async () => {
    await harness[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
  })

  test('has the plan that validateClip shows', async () => {
    const { valid, plan } = await harness.clips.validate(askFor(0, DAY), { probe: false }, enoughTime())
    const clip = await getClip(harness)
    expect(valid).toBe(true)
    expect(plan).toMatchObject({ parts: 1, fragmentCount: clip.fragmentCount, delivered: { startMs: clip.delivered.startMs } })
  })

  test('holds exactly the frames of its fragments, at their times', async () => {
    const file = await downloadClip(harness, await getClip(harness))
    const expected = videoOf(source)
    const { video, audio } = await readWithMediabunny(file)
    const zeroMs = Math.min(...expected.map(({ timeMs }) => timeMs))
    const first = Math.min(...video.map(({ timeMs }) => timeMs))
    expect(video.map((packet) => [packet.md5, Math.round(packet.timeMs - first)])).toEqual(
      expected.map((frame) => [frame.md5, frame.timeMs - zeroMs]),
    )
    expect(audio.length).toBeGreaterThan(10)
  })

  test('becomes READY with its metadata, under the same ID each time', async () => {
    const clip = await getClip(harness)
    const ready = await whenEnded(harness, clip)
    const file = await downloadClip(harness, clip)
    expect(ready).toMatchObject({ id: clip.id, state: 'READY', form: 'REBUILT', progress: 1, sizeBytes: file.byteLength, failure: null })
    expect(ready.etag).toMatch(/^"[\w-]{43}"$/)
    expect((await harness.clips.find(clip.id, enoughTime()))?.state).toBe('READY')
    expect((await getClip(harness)).id).toBe(clip.id)
    expect(Math.abs(ready.durationMs - (clip.delivered.endMs - clip.delivered.startMs))).toBeLessThan(100)
  })

  test('serves every byte range under one entity tag', async () => {
    const clip = await getClip(harness)
    const file = await downloadClip(harness, clip)
    const content = await harness.clips.open(tokenOf(clip), enoughTime())
    const identity = await content.whenIdentified(enoughTime())
    const chunks: Uint8Array[] = []
    for await (const chunk of content.read({ start: 1000, end: 40_000 }, enoughTime())) chunks.push(Buffer.from(chunk))
    content.release()
    expect(identity.sizeBytes).toBe(file.byteLength)
    expect(Buffer.concat(chunks).equals(file.subarray(1000, 40_000))).toBe(true)
  })

  test('is fetched once for all equal concurrent requests', async () => {
    await using other = await startClipHarness(server.url)
    const clips = await Promise.all(Array.from({ length: 200 }, () => getClip(other)))
    expect(new Set(clips.map(({ id }) => id)).size).toBe(1)
    expect(callsOf(other, 'GetClip')).toBe(1)
    expect(other.outcomes.filter((outcome) => outcome === 'fetched')).toHaveLength(1)
    await whenEnded(other, await getClip(other))
    await getClip(other)
    expect(other.outcomes.at(-1)).toBe('stored')
    expect(callsOf(other, 'GetClip')).toBe(1)
  })

  test('has the same bytes on another gateway that knows only its URL and the secret', async () => {
    await using other = await startClipHarness(server.url)
    const clip = await getClip(harness)
    const [here, there] = [await downloadClip(harness, clip), await downloadClip(other, clip)]
    expect(Buffer.compare(here, there)).toBe(0)
    const known = await other.clips.find(clip.id, enoughTime())
    expect(known).toMatchObject({ id: clip.id, delivered: clip.delivered, timeline: clip.timeline, gaps: clip.gaps })
    expect((await whenEnded(other, clip)).etag).toBe((await whenEnded(harness, clip)).etag)
  })

  test('is fetched again if its stored part is damaged', async () => {
    await using other = await startClipHarness(server.url)
    const clip = await getClip(other)
    const before = await downloadClip(other, clip)
    await whenEnded(other, clip)
    // The clip is READY before its part is synced and moved to its place.
    await eventually(async () => expect((await storedFiles(other.storeDir)).every(({ name }) => name.endsWith('.part'))).toBe(true))
    for (const { parentPath, name } of await storedFiles(other.storeDir)) {
      const file = await open(join(parentPath, name), 'r+')
      await file.write(Buffer.alloc(1000, 0x2a), 0, 1000, Math.floor(before.byteLength / 2))
      await file.close()
    }
    expect(Buffer.compare(await downloadClip(other, clip), before)).toBe(0)
    expect(callsOf(other, 'GetClip')).toBe(2)
  })

  test('can be downloaded until its URL expires, and then gets a new URL', async () => {
    let nowMs = Date.now()
    await using other = await startClipHarness(server.url, { clock: { now: () => nowMs } })
    const clip = await getClip(other, askFor(0, DAY, { expiresInSeconds: 60 }))
    expect(clip.expiresAtMs - nowMs).toBeGreaterThanOrEqual(60_000)
    nowMs = clip.expiresAtMs - 1
    await downloadClip(other, clip)
    nowMs += 1
    await expect(other.clips.open(tokenOf(clip), enoughTime())).rejects.toMatchObject({ name: 'ClipUnavailable', reason: 'EXPIRED' })
    const renewed = await other.clips.renew(clip.id, null, enoughTime())
    expect(renewed?.clip?.id).toBe(clip.id)
    if (renewed?.clip) await downloadClip(other, renewed.clip)
    expect((await other.clips.renew(clip.id, 86_401, enoughTime()))?.issues).toMatchObject([{ code: 'EXPIRY_OUT_OF_RANGE' }])
  })

  test('opens only with its own ID and token', async () => {
    const clip = await getClip(harness)
    expect(await harness.clips.find('nonsense', enoughTime())).toBeNull()
    expect(await harness.clips.find(tokenOf(clip), enoughTime())).toBeNull()
    expect(await harness.clips.renew('nonsense', null, enoughTime())).toBeNull()
    expect(await harness.clips.watch('nonsense', enoughTime())).toBeNull()
    await expect(harness.clips.open(clip.id, enoughTime())).rejects.toMatchObject({ reason: 'BAD_TOKEN' })
    await using foreign = await startClipHarness(server.url, { secrets: [`${SECRET}-another`] })
    await expect(foreign.clips.open(tokenOf(clip), enoughTime())).rejects.toMatchObject({ reason: 'BAD_TOKEN' })
  })

  test('with an exact cut shows exactly the requested frames', async () => {
    const frames = videoOf(source).map(({ timeMs }) => timeMs)
    const zeroMs = eventsOf(demux(source), 'cluster-end')[0]?.timestampMs ?? 0
    for (const [fromMs, toMs] of [
      [0, 900],
      [333, 2717],
      [1000, 3000],
      [1001, 1999],
    ] as const) {
      const clip = await getClip(harness, askFor(zeroMs + fromMs, zeroMs + toMs, { cut: 'EXACT' }))
      const ready = await whenEnded(harness, clip)
      const shown = frames.filter((timeMs) => timeMs >= zeroMs + fromMs && timeMs <= zeroMs + toMs)
      const [video] = readWithMp4box(await downloadClip(harness, clip))
      const edit = video?.edits.find(({ media_time }) => media_time >= 0)
      const visible = (video?.samples ?? []).filter(
        ({ cts }) => cts >= (edit?.media_time ?? 0) && cts < (edit?.media_time ?? 0) + (edit?.segment_duration ?? 0),
      )
      expect(visible).toHaveLength(shown.length)
      expect(ready.delivered.startMs).toBe(START + Math.min(...shown))
    }
  })
})

describe('a clip of several parts', () => {
  const clusters = Array.from({ length: 450 }, (_, index) => footage(index * 1000 + (index >= 300 ? 60_000 : 0)))
  let server: KvsTestServer
  let harness: ClipHarness
  beforeAll(async () => {
    server = await startFootage([recording(clusters)])
    harness = await startClipHarness(server.url)
  })
  afterAll(async () => {
    await harness[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
  })

  test('is one file that has every frame once, at its time, and keeps gaps', async () => {
    const clip = await getClip(harness)
    expect(callsOf(harness, 'GetClip')).toBe(3)
    expect(clip.gaps).toEqual([{ startMs: START + 300_000, endMs: START + 360_000 }, expect.anything()])
    const [video] = readWithMp4box(await downloadClip(harness, clip))
    const times = (video?.samples ?? []).map(({ cts }) => cts)
    const expected = Array.from({ length: 2250 }, (_, index) => index * 200 + (index >= 1500 ? 60_000 : 0))
    expect(times).toEqual(expected)
    const ready = await whenEnded(harness, clip)
    expect(ready).toMatchObject({ form: 'REBUILT', state: 'READY', fragmentCount: 450, durationMs: 510_000 })
    expect(clip.timeline.map(({ mediaStartMs }) => mediaStartMs)).toEqual([0, 360_000])
  })

  test('shares parts with clips that have the same borders', async () => {
    const before = callsOf(harness, 'GetClip')
    await whenEnded(harness, await getClip(harness))
    const truncated = await getClip(harness, askFor(0, DAY, { overflow: 'TRUNCATE' }))
    expect(truncated).toMatchObject({ truncated: true, fragmentCount: 200 })
    await whenEnded(harness, truncated)
    expect(callsOf(harness, 'GetClip')).toBe(before)
  })

  test('is refused with overflow REFUSE, with the ranges that can be requested', async () => {
    const { clip, issues } = await harness.clips.request(askFor(0, DAY, { overflow: 'REFUSE' }), enoughTime())
    expect(clip).toBeNull()
    expect(issues[0]).toMatchObject({ code: 'FRAGMENT_LIMIT_EXCEEDED', severity: 'ERROR' })
    expect(issues[0]?.ranges).toHaveLength(3)
  })

  test('fails with FOOTAGE_CHANGED if footage arrived inside it', async () => {
    const clip = await getClip(harness, askFor(290_000, 400_000))
    await upload(server.url, recording([footage(330_000)]), { stream: STREAM, start: String(START / 1000) })
    await using other = await startClipHarness(server.url)
    await expect(other.clips.open(tokenOf(clip), enoughTime())).rejects.toMatchObject({ reason: 'FOOTAGE_CHANGED' })
    const seen = await other.clips.find(clip.id, enoughTime())
    expect(seen).toMatchObject({ state: 'FAILED', failure: { code: 'FOOTAGE_CHANGED', retryable: false } })
  })

  test('has the same bytes when more footage arrives after its range', async () => {
    const clip = await getClip(harness, askFor(400_000, DAY))
    const before = await downloadClip(harness, clip)
    await upload(server.url, recording([footage(700_000)]), { stream: STREAM, start: String(START / 1000) })
    await using other = await startClipHarness(server.url)
    expect(Buffer.compare(await downloadClip(other, clip), before)).toBe(0)
  })
})

describe('footage whose codec configuration changes', () => {
  const changed = Uint8Array.from(AVCC)
  changed[3] = 0x28

  test('between parts is an issue with the time and the ranges that can be requested', async () => {
    const first = Array.from({ length: 200 }, (_, index) => footage(index * 1000))
    await using server = await startFootage([recording(first), recording([footage(200_000)], [{ ...VIDEO, codecPrivate: changed }])])
    await using harness = await startClipHarness(server.url)
    const { clip, issues } = await harness.clips.request(askFor(0, DAY), enoughTime())
    expect(clip).toBeNull()
    expect(issues[0]).toMatchObject({
      code: 'CODEC_PRIVATE_DATA_CHANGES',
      ranges: [
        { startMs: START, endMs: START + 199_999 },
        { startMs: START + 200_000, endMs: START + DAY },
      ],
    })
    for (const { startMs, endMs } of issues[0]?.ranges ?? []) {
      await whenEnded(harness, await getClip(harness, askFor(startMs - START, endMs - START)))
    }
  })

  test('to other tracks between parts is a separate issue', async () => {
    const options = { video: 'H.264', hasBFrames: false, gaps: new Map() } as const
    const silent = recordPair({ ...options, sound: 'none', fragments: 200 })
    const sounding = recordPair({ ...options, sound: 'AAC', fragments: 10 })
    await using server = await startFootage([silent.document])
    await upload(server.url, sounding.document, { stream: STREAM, start: String((START + 20_000) / 1000) })
    await using harness = await startClipHarness(server.url)
    const { issues } = await harness.clips.request(askFor(0, DAY), enoughTime())
    expect(issues[0]).toMatchObject({ code: 'TRACKS_CHANGE', ranges: [{ endMs: START + 19_999 }, { startMs: START + 20_000 }] })
  })
})

describe('a clip that cannot be made', () => {
  test('fails with a different code for a missing stream, missing footage, and expired footage', async () => {
    await using server = await startFootage([recording([footage(0), footage(1000)])])
    await using harness = await startClipHarness(server.url)
    const codes = async (input: Parameters<ClipHarness['clips']['request']>[0]) =>
      (await harness.clips.request(input, enoughTime())).issues.map(({ code }) => code)
    expect(await codes(askFor(0, DAY, { streamName: 'nobody' }))).toEqual(['STREAM_NOT_FOUND'])
    expect(await codes(askFor(0, DAY, { fragmentSelectorType: 'SERVER_TIMESTAMP' }))).toEqual(['END_BEFORE_RETENTION'])
    expect(await codes(askFor(-DAY, -1))).toEqual(['NO_FRAGMENTS'])
    const now = Date.now() - START
    expect(await codes(askFor(now - 5000, now - 4000))).toEqual(['NO_FRAGMENTS'])
    const clip = await getClip(harness)
    await server.control.send(new DeleteStreamCommand({ StreamARN: clip.streamArn }))
    await using other = await startClipHarness(server.url)
    await expect(other.clips.open(tokenOf(clip), enoughTime())).rejects.toMatchObject({ reason: 'FOOTAGE_EXPIRED' })
  })

  test('has an issue when an exact cut lies between two frames, and the hint recommends a wider range', async () => {
    await using server = await startFootage([recording([footage(0), footage(1000), footage(2000)])])
    await using harness = await startClipHarness(server.url)
    const { issues } = await harness.clips.request(askFor(1010, 1150, { cut: 'EXACT' }), enoughTime())
    expect(issues[0]).toMatchObject({
      code: 'JOIN_NOT_POSSIBLE',
      message: expect.stringMatching(/^No frame is shown between /),
      hint: expect.stringContaining('Widen the range'),
      ranges: [],
    })
  })

  test('is not retryable if the cut turns out to be empty after the response', async () => {
    await using server = await startFootage([recording([footage(0), footage(1000), footage(2000)])])
    const spoiler = createSpoiler(server.url)
    await using harness = await startClipHarness(server.url, { clips: spoiler.clips })
    const answered = Promise.withResolvers<void>()
    spoiler.spoil = async function* (bytes) {
      const whole = await collect(bytes)
      yield whole.subarray(0, 20)
      await answered.promise
      yield whole.subarray(20)
    }
    const clip = await getClip(harness, askFor(1010, 1150, { cut: 'EXACT' }))
    answered.resolve()
    expect(await whenEnded(harness, clip)).toMatchObject({ state: 'FAILED', failure: { retryable: false, ranges: [] } })
  })

  test('has an issue when the first fragment of an exact cut expired, although its start is still retained', async () => {
    let nowMs = Date.now() - 2 * DAY
    const clock = { now: () => nowMs }
    await using server = await startFootage([recording([footage(0)])], { clock })
    const firstMs = nowMs
    for (const startMs of [1000, 2000]) {
      nowMs = firstMs + startMs
      await upload(server.url, recording([footage(startMs)]), { stream: STREAM, start: String(START / 1000) })
    }
    nowMs += 10_000
    await using harness = await startClipHarness(server.url, { clock })
    const range = { startTimestamp: firstMs + 300, endTimestamp: firstMs + 2500, fragmentSelectorType: 'SERVER_TIMESTAMP' } as const
    const clip = await getClip(harness, askFor(0, 0, { ...range, cut: 'EXACT' }))
    expect(clip.fragmentCount).toBe(3)
    nowMs = firstMs + 24 * DAY + 100
    await using other = await startClipHarness(server.url, { clock })
    expect(await other.clips.find(clip.id, enoughTime())).toMatchObject({ state: 'FAILED', failure: { code: 'FOOTAGE_EXPIRED' } })
  })

  test('has an issue that names the unsupported codec', async () => {
    await using server = await startFootage([readFixture('h264-ulaw-stereo.mkv')], { strictCodecs: true })
    await using harness = await startClipHarness(server.url)
    const { issues } = await harness.clips.request(askFor(0, DAY), enoughTime())
    expect(issues[0]).toMatchObject({ code: 'UNSUPPORTED_AUDIO_CODEC', severity: 'ERROR' })
    const before = callsOf(harness, 'GetMediaForFragmentList')
    await harness.clips.validate(askFor(0, DAY), { probe: false }, enoughTime())
    expect(callsOf(harness, 'GetMediaForFragmentList')).toBe(before)
    const probed = await harness.clips.validate(askFor(0, DAY), { probe: true }, enoughTime())
    expect(probed.issues[0]).toMatchObject({ code: 'UNSUPPORTED_AUDIO_CODEC', message: expect.stringContaining('h264 with ulaw') })
    expect(callsOf(harness, 'GetMediaForFragmentList')).toBe(before + 1)
  })

  test('has an issue with the path of the field that named the stream', async () => {
    await using server = await startFootage([readFixture('h264-ulaw-stereo.mkv')], { strictCodecs: true })
    await using harness = await startClipHarness(server.url)
    const { StreamInfo } = await server.control.send(new DescribeStreamCommand({ StreamName: STREAM }))
    const byArn = askFor(0, DAY, { streamName: null, streamArn: StreamInfo?.StreamARN ?? '' })
    for (const [input, path] of [
      [askFor(0, DAY), ['streamName']],
      [byArn, ['streamArn']],
    ] as const) {
      const refused = await harness.clips.request(input, enoughTime())
      const probed = await harness.clips.validate(input, { probe: true }, enoughTime())
      for (const { issues } of [refused, probed]) expect(issues[0]).toMatchObject({ code: 'UNSUPPORTED_AUDIO_CODEC', path })
    }
  })
})

describe('a damaged GetClip response', () => {
  test.each<[string, string, (bytes: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>]>([
    [
      'cut off in its media',
      'KVS_UNAVAILABLE',
      async function* (bytes) {
        const whole = await collect(bytes)
        yield whole.subarray(0, whole.byteLength - 1)
      },
    ],
    [
      'cut off in its head',
      'KVS_UNAVAILABLE',
      async function* (bytes) {
        yield (await collect(bytes)).subarray(0, 200)
      },
    ],
    [
      'not an MP4',
      'KVS_UNAVAILABLE',
      async function* (bytes) {
        yield (await collect(bytes)).fill(0x2a)
      },
    ],
    [
      'broken on the way',
      'INTERNAL',
      async function* (bytes) {
        yield (await collect(bytes)).subarray(0, 1000)
        throw new Error('socket hang up')
      },
    ],
  ])('(%s) fails the clip, and the next request succeeds', async (_, code, spoil) => {
    await using server = await startFootage([recording([footage(0), footage(1000)])])
    const spoiler = createSpoiler(server.url)
    await using harness = await startClipHarness(server.url, { clips: spoiler.clips })
    spoiler.spoil = spoil
    const clip = await getClip(harness)
    const failed = await harness.clips.find(clip.id, enoughTime())
    expect(failed).toMatchObject({ state: 'FAILED', failure: { code, retryable: true }, etag: null, sizeBytes: null })
    await expect(downloadClip(harness, clip)).rejects.toMatchObject({ name: 'ClipUnavailable' })
    spoiler.spoil = null
    const ready = await whenEnded(harness, await getClip(harness))
    expect(ready.state).toBe('READY')
    expect((await downloadClip(harness, ready)).byteLength).toBe(ready.sizeBytes)
  })

  test('that ends shortly after the request is READY in the first response if it is small', async () => {
    await using server = await startFootage([recording(Array.from({ length: 10 }, (_, n) => footage(1000 * n)))])
    const spoiler = createSpoiler(server.url)
    await using harness = await startClipHarness(server.url, { clips: spoiler.clips })
    spoiler.spoil = async function* (bytes) {
      const whole = await collect(bytes)
      yield whole.subarray(0, -1)
      for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
      yield whole.subarray(-1)
    }
    const clips: Clip[] = []
    // On a busy machine, either one may be late.
    for (let n = 0; n < 10; n += 1) clips.push(await getClip(harness, askFor(1000 * n, 1000 * n + 500)))
    expect(clips.find(({ state }) => state === 'READY')?.sizeBytes).toBeGreaterThan(0)
  })

  test('that is slow reports progress at most four times a second, and always at the end', async () => {
    await using server = await startFootage([recording([footage(0, { bytes: 4000 }), footage(1000, { bytes: 4000 })])])
    const spoiler = createSpoiler(server.url)
    await using harness = await startClipHarness(server.url, { clips: spoiler.clips })
    spoiler.spoil = async function* (bytes) {
      const whole = await collect(bytes)
      for (let at = 0; at < whole.byteLength; at += 500) {
        yield whole.subarray(at, at + 500)
        await sleep(10, enoughTime())
      }
    }
    const clip = await getClip(harness)
    expect(clip).toMatchObject({ state: 'FETCHING', form: 'REBUILT', sizeBytes: null })
    const began = performance.now()
    const seen: Clip[] = []
    for await (const state of (await harness.clips.watch(clip.id, enoughTime())) ?? []) seen.push(state)
    expect(seen.at(-1)?.state).toBe('READY')
    expect(seen.length).toBeGreaterThan(2)
    expect(seen.length - 1).toBeLessThanOrEqual(Math.ceil((performance.now() - began) / 250))
    const progress = seen.map((state) => state.progress)
    expect(progress).toEqual(progress.toSorted((a, b) => a - b))
    expect(seen.slice(0, -1).every((state) => state.state === 'FETCHING' && state.progress < 1)).toBe(true)
  })

  test('that never ends does not block a watcher from unsubscribing', async () => {
    await using server = await startFootage([recording([footage(0), footage(1000)])])
    const spoiler = createSpoiler(server.url)
    await using harness = await startClipHarness(server.url, { clips: spoiler.clips })
    spoiler.spoil = async function* (bytes) {
      const whole = await collect(bytes)
      yield whole.subarray(0, whole.byteLength - 10)
      await Promise.withResolvers<void>().promise
    }
    const clip = await getClip(harness)
    const leaving = new AbortController()
    const seen: Clip[] = []
    const watching = async () => {
      for await (const state of (await harness.clips.watch(clip.id, leaving.signal)) ?? []) {
        seen.push(state)
        setTimeout(() => leaving.abort(new Error('left')), 50)
      }
    }
    await expect(watching()).rejects.toThrow('left')
    expect(seen).toHaveLength(1)
  })
})
