import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { ClipInput } from '../../src/domain/clip.js'
import type { TimeRange } from '../../src/domain/time-range.js'
import { getStream } from '../../src/kvs-server/operations/stream-checks.js'
import { callsOf, getClip, whenEnded } from '../support/clip-calls.js'
import { askFor, type ClipHarness, START, STREAM, startClipHarness, startFootage } from '../support/clip-harness.js'
import { AVCC, footage, recording, VIDEO } from '../support/footage.js'
import { enoughTime } from '../support/kvs-for-test.js'
import { recordPair } from '../support/paired-footage.js'
import { upload } from '../support/producer.js'

const HOUR = 3_600_000
const changed = Uint8Array.from(AVCC)
changed[3] = 0x28
const other = { ...VIDEO, codecPrivate: changed }

const third = { ...VIDEO, codecPrivate: Uint8Array.from(AVCC, (byte, index) => (index === 3 ? 0x29 : byte)) }

async function expectAllAccepted(harness: ClipHarness, ranges: readonly TimeRange[], input: Partial<ClipInput>): Promise<void> {
  for (const { startMs, endMs } of ranges) {
    const clip = await getClip(harness, askFor(startMs - START, endMs - START, input))
    expect(await whenEnded(harness, clip)).toMatchObject({ state: 'READY' })
  }
}

const seconds = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => footage((from + index) * 1000))

describe('a codec configuration that changes inside a part', () => {
  test('is an issue that says when it changes, with ranges that can be requested, after reading about eight fragments', async () => {
    const changeAt = fc.integer({ min: 201, max: 399 })
    const holds = fc.asyncProperty(changeAt, async (at) => {
      await using server = await startFootage([recording(seconds(0, at)), recording(seconds(at, 450), [other])])
      await using harness = await startClipHarness(server.url)
      const { clip, issues } = await harness.clips.request(askFor(0, HOUR), enoughTime())
      expect(clip).toBeNull()
      expect(issues[0]).toMatchObject({
        code: 'CODEC_PRIVATE_DATA_CHANGES',
        message: expect.stringContaining(`from ${new Date(START + at * 1000).toISOString()} on`),
        ranges: [
          { startMs: START, endMs: START + at * 1000 - 1 },
          { startMs: START + at * 1000, endMs: START + HOUR },
        ],
      })
      expect(callsOf(harness, 'GetMediaForFragmentList')).toBeLessThanOrEqual(11)
      expect(harness.outcomes).toEqual(['refused'])
      for (const { startMs, endMs } of issues[0]?.ranges ?? []) {
        expect(await whenEnded(harness, await getClip(harness, askFor(startMs - START, endMs - START)))).toMatchObject({ state: 'READY' })
      }
    })
    await fc.assert(holds, { numRuns: 3 })
  })

  test('lists every range that can be clipped, and each is accepted: four sessions A B A C, in one part and in several', async () => {
    for (const length of [1, 7, 150]) {
      const bounds = [0, length, 2 * length, 3 * length, 4 * length]
      const tracks = [[VIDEO], [other], [VIDEO], [third]]
      const documents = tracks.map((each, index) => recording(seconds(bounds[index] ?? 0, bounds[index + 1] ?? 0), each))
      await using server = await startFootage(documents)
      await using harness = await startClipHarness(server.url)
      const { issues } = await harness.clips.request(askFor(0, HOUR), enoughTime())
      expect(issues[0]).toMatchObject({ code: 'CODEC_PRIVATE_DATA_CHANGES' })
      const ends = [...bounds.slice(1, 4).map((second) => START + second * 1000 - 1), START + HOUR]
      expect(issues[0]?.ranges).toEqual(ends.map((endMs, index) => ({ startMs: START + (bounds[index] ?? 0) * 1000, endMs })))
      await expectAllAccepted(harness, issues[0]?.ranges ?? [], {})
    }
  }, 60_000)

  test.each([
    ['FRAGMENT', 'PRODUCER_TIMESTAMP'],
    ['EXACT', 'PRODUCER_TIMESTAMP'],
    ['FRAGMENT', 'SERVER_TIMESTAMP'],
    ['EXACT', 'SERVER_TIMESTAMP'],
  ] as const)('lists ranges that are accepted for pictures with B-frames and sound: %s, %s', async (cut, fragmentSelectorType) => {
    const record = (sound: 'AAC' | 'none') =>
      recordPair({ video: 'H.264', hasBFrames: true, sound, fragments: 6, gaps: new Map() }).document
    // Server timestamps within one session are closer together than those of two sessions.
    let nowMs = Date.now() - HOUR
    const clock = {
      now() {
        nowMs += 2
        return nowMs
      },
    }
    await using server = await startFootage([record('AAC')], { clock })
    const { createdAtMs } = getStream(server.server.streams, { name: STREAM, arn: null })
    for (const [index, sound] of (['none', 'AAC', 'none'] as const).entries()) {
      nowMs += 10_000
      await upload(server.url, record(sound), { stream: STREAM, start: String(START / 1000 + 12 * (index + 1)) })
    }
    nowMs += 10_000
    await using harness = await startClipHarness(server.url)
    const range = fragmentSelectorType === 'SERVER_TIMESTAMP' ? { startTimestamp: createdAtMs, endTimestamp: nowMs } : {}
    const { issues } = await harness.clips.request(askFor(0, HOUR, { cut, fragmentSelectorType, ...range }), enoughTime())
    const change = issues.find(({ severity }) => severity === 'ERROR')
    expect(change?.code).toBe('TRACKS_CHANGE')
    expect(change?.ranges).toHaveLength(4)
    await expectAllAccepted(harness, change?.ranges ?? [], { cut, fragmentSelectorType })
  })

  test('is a change of tracks when the tracks differ', async () => {
    const options = { video: 'H.264', hasBFrames: false, gaps: new Map() } as const
    await using server = await startFootage([recordPair({ ...options, sound: 'none', fragments: 20 }).document])
    const sounding = recordPair({ ...options, sound: 'AAC', fragments: 10 }).document
    await upload(server.url, sounding, { stream: STREAM, start: String((START + 2000) / 1000) })
    await using harness = await startClipHarness(server.url)
    const { issues } = await harness.clips.request(askFor(0, HOUR), enoughTime())
    expect(issues[0]).toMatchObject({ code: 'TRACKS_CHANGE', ranges: [{ endMs: START + 1999 }, { startMs: START + 2000 }] })
  })

  test.each([4000, 4100])('at or before the start of an exact cut, %i ms, is outside the suggested range', async (fromMs) => {
    const reachingOver = footage(3000, { frames: 7, frameMs: 200 })
    await using server = await startFootage([recording([...seconds(0, 3), reachingOver]), recording(seconds(4, 8), [other])])
    await using harness = await startClipHarness(server.url)
    const { issues } = await harness.clips.request(askFor(fromMs, 7000, { cut: 'EXACT' }), enoughTime())
    const range = { startMs: START + Math.max(fromMs, 4201), endMs: START + 7000 }
    expect(issues[0]).toMatchObject({ code: 'CODEC_PRIVATE_DATA_CHANGES', ranges: [range] })
    const again = askFor(range.startMs - START, range.endMs - START, { cut: 'EXACT' })
    expect(await whenEnded(harness, await getClip(harness, again))).toMatchObject({ state: 'READY' })
  })

  test('is refused without a range when no fragment can be read', async () => {
    await using server = await startFootage([recording(seconds(0, 2)), recording(seconds(2, 4), [other])], { faults: true })
    await server.post('/_faults', { operation: 'GetMediaForFragmentList', fault: { kind: 'exception', name: 'NotAuthorizedException' } })
    await using harness = await startClipHarness(server.url)
    const { issues } = await harness.clips.request(askFor(0, HOUR), enoughTime())
    expect(issues[0]).toMatchObject({ code: 'CODEC_PRIVATE_DATA_CHANGES', ranges: [] })
  })

  test('that is unusable in all fragments is not a change', async () => {
    const annexB = { ...VIDEO, codecPrivate: Uint8Array.of(0, 0, 0, 1, 0x67, 0x64, 0, 0x1f) }
    await using server = await startFootage([recording(seconds(0, 10), [annexB])])
    await using harness = await startClipHarness(server.url)
    const { issues } = await harness.clips.request(askFor(0, HOUR), enoughTime())
    expect(issues[0]).toMatchObject({ code: 'INVALID_CODEC_PRIVATE_DATA', ranges: [] })
    expect(callsOf(harness, 'GetMediaForFragmentList')).toBeLessThanOrEqual(10)
  })
})
