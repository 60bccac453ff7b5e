import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { callsOf, getClip, whenEnded } from '../support/clip-calls.js'
import { askFor, START, STREAM, startClipHarness, startFootage } from '../support/clip-harness.js'
import { AVCC, footage, recording, VIDEO } from '../support/footage.js'
import { enoughTime } from '../support/kvs-for-test.js'
import { recordPair } from '../support/paired-footage.js'
import { upload } from '../support/producer.js'

const HOUR = 3_600_000
const changed = Uint8Array.from(AVCC)
changed[3] = 0x28
const other = { ...VIDEO, codecPrivate: changed }

const seconds = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => footage((from + index) * 1000))

describe('a codec configuration that changes inside a part', () => {
  test('is an issue that says when, with ranges that can be had, after some eight fragments were read', async () => {
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

  test('is found also where it changes back', async () => {
    const documents = [recording(seconds(0, 20)), recording(seconds(20, 40), [other]), recording(seconds(40, 60))]
    await using server = await startFootage(documents)
    await using harness = await startClipHarness(server.url)
    const { issues } = await harness.clips.request(askFor(0, HOUR), enoughTime())
    expect(issues[0]?.ranges[0]).toEqual({ startMs: START, endMs: START + 19_999 })
  })

  test('is a change of tracks where there are others', async () => {
    const options = { video: 'H.264', hasBFrames: false, gaps: new Map() } as const
    await using server = await startFootage([recordPair({ ...options, sound: 'none', fragments: 20 }).document])
    const sounding = recordPair({ ...options, sound: 'AAC', fragments: 10 }).document
    await upload(server.url, sounding, { stream: STREAM, start: String((START + 2000) / 1000) })
    await using harness = await startClipHarness(server.url)
    const { issues } = await harness.clips.request(askFor(0, HOUR), enoughTime())
    expect(issues[0]).toMatchObject({ code: 'TRACKS_CHANGE', ranges: [{ endMs: START + 1999 }, { startMs: START + 2000 }] })
  })

  test.each([4000, 4100])('at or before the start of an exact cut, %i ms, is not met again by what is hinted at', async (fromMs) => {
    const reachingOver = footage(3000, { frames: 7, frameMs: 200 })
    await using server = await startFootage([recording([...seconds(0, 3), reachingOver]), recording(seconds(4, 8), [other])])
    await using harness = await startClipHarness(server.url)
    const { issues } = await harness.clips.request(askFor(fromMs, 7000, { cut: 'EXACT' }), enoughTime())
    expect(issues[0]).toMatchObject({ code: 'CODEC_PRIVATE_DATA_CHANGES', path: ['cut'], ranges: [] })
    expect(issues[0]?.hint).toBe(`Ask with cut FRAGMENT from ${new Date(START + 4000).toISOString()} on.`)
    expect(await whenEnded(harness, await getClip(harness, askFor(4000, 7000)))).toMatchObject({ state: 'READY' })
  })

  test('is refused without a range when no fragment can be read', async () => {
    await using server = await startFootage([recording(seconds(0, 2)), recording(seconds(2, 4), [other])], { faults: true })
    await server.post('/_faults', { operation: 'GetMediaForFragmentList', fault: { kind: 'exception', name: 'NotAuthorizedException' } })
    await using harness = await startClipHarness(server.url)
    const { issues } = await harness.clips.request(askFor(0, HOUR), enoughTime())
    expect(issues[0]).toMatchObject({ code: 'CODEC_PRIVATE_DATA_CHANGES', ranges: [] })
  })

  test('that cannot be used anywhere is no change', async () => {
    const annexB = { ...VIDEO, codecPrivate: Uint8Array.of(0, 0, 0, 1, 0x67, 0x64, 0, 0x1f) }
    await using server = await startFootage([recording(seconds(0, 10), [annexB])])
    await using harness = await startClipHarness(server.url)
    const { issues } = await harness.clips.request(askFor(0, HOUR), enoughTime())
    expect(issues[0]).toMatchObject({ code: 'INVALID_CODEC_PRIVATE_DATA', ranges: [] })
    expect(callsOf(harness, 'GetMediaForFragmentList')).toBeLessThanOrEqual(10)
  })
})
