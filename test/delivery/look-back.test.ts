import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { DiskPartStore } from '../../src/delivery/parts/disk-part-store.js'
import { GatewayError } from '../../src/domain/errors.js'
import { callsOf, downloadClip, getClip, whenEnded } from '../support/clip-calls.js'
import { askFor, START, startClipHarness, startFootage } from '../support/clip-harness.js'
import { frame, recording } from '../support/footage.js'
import { enoughTime } from '../support/kvs-for-test.js'
import { cluster, simpleBlock } from '../support/mkv-builder.js'
import { readWithMp4box } from '../support/mp4-packets.js'
import { shownPictures } from '../support/shown-pictures.js'

const FRAME_MS = 200
const FRAMES = 5

/** One fragment a second with five frames. Frames at `keysMs` are key frames. */
function recordSeconds(seconds: number, keysMs: readonly number[]): Uint8Array {
  const clusters = Array.from({ length: seconds }, (_, second) => {
    const blocks = Array.from({ length: FRAMES }, (_, index) => {
      const payload = frame(40)
      new DataView(payload.buffer).setUint32(12, second * FRAMES + index)
      return simpleBlock({ track: 1, time: index * FRAME_MS, isKey: keysMs.includes(second * 1000 + index * FRAME_MS), payload })
    })
    return cluster(second * 1000, blocks)
  })
  return recording(clusters)
}

const ask = (fromMs: number, toMs: number) => askFor(fromMs, toMs, { cut: 'EXACT' })

describe('an exact cut whose first picture needs an earlier key frame', () => {
  test.each([
    [0, 59_800, 60],
    [400, 60_400, 61],
    [58_000, 59_800, 2],
    [59_000, 59_000, 1],
  ])('with the key frame at %i ms and its start at %i ms fetches %i fragments', async (keyMs, fromMs, count) => {
    await using server = await startFootage([recordSeconds(70, [keyMs])])
    await using harness = await startClipHarness(server.url)
    const clip = await getClip(harness, ask(fromMs, fromMs + 400))
    const file = await downloadClip(harness, clip)
    expect(shownPictures(file)).toHaveLength(3)
    expect(await whenEnded(harness, clip)).toMatchObject({
      state: 'READY',
      delivered: { startMs: START + fromMs, endMs: START + fromMs + 600 },
    })
    const samples = readWithMp4box(file)[0]?.samples ?? []
    expect([samples[0]?.is_sync, samples.length]).toEqual([true, (fromMs - keyMs) / FRAME_MS + 3])
    expect(Math.ceil((samples.length - 3 + 1) / FRAMES)).toBeLessThanOrEqual(count)
  })

  test('is refused when that key frame is more than 60 s earlier, with the range that starts at the next key frame', async () => {
    await using server = await startFootage([recordSeconds(70, [200, 62_400])])
    await using harness = await startClipHarness(server.url)
    const { clip, issues } = await harness.clips.request(ask(60_400, 65_000), enoughTime())
    expect(clip).toBeNull()
    const issue = issues.find(({ code }) => code === 'STARTS_WITHOUT_KEY_FRAME')
    expect(issue).toMatchObject({ severity: 'ERROR', ranges: [{ startMs: START + 62_400, endMs: START + 65_000 }] })
    const [range] = issue?.ranges ?? []
    if (range === undefined) throw new Error('a range was given')
    const other = await whenEnded(harness, await getClip(harness, ask(range.startMs - START, range.endMs - START)))
    expect(other).toMatchObject({ state: 'READY', delivered: { startMs: START + 62_400 } })
  })

  test('is refused without a range when the range has no key frame either', async () => {
    await using server = await startFootage([recordSeconds(8, [])])
    await using harness = await startClipHarness(server.url)
    const { clip, issues } = await harness.clips.request(ask(3400, 5000), enoughTime())
    expect(clip).toBeNull()
    expect(issues[0]).toMatchObject({ code: 'STARTS_WITHOUT_KEY_FRAME', severity: 'ERROR', ranges: [] })
  })

  test('requests earlier fragments in growing batches, and remembers what it read', async () => {
    await using server = await startFootage([recordSeconds(70, [10_000])])
    const folder = await mkdtemp(join(tmpdir(), 'clipgate-look-back-'))
    const files: Uint8Array[] = []
    const broken = { getMedia: () => Promise.reject(new GatewayError('BAD_USER_INPUT', 'Fragment numbers are invalid.')) }
    for (const media of [undefined, broken]) {
      await using store = await DiskPartStore.open({ folder, capBytes: 1e9 })
      await using harness = await startClipHarness(server.url, { store, ...(media ? { media } : {}) })
      const clip = await whenEnded(harness, await getClip(harness, ask(50_200, 52_000)))
      expect(clip.state).toBe('READY')
      files.push(await downloadClip(harness, clip))
      // The edges, then 8, 16 and 32 fragments.
      expect(callsOf(harness, 'GetMediaForFragmentList')).toBe(media ? 0 : 4)
    }
    expect(Buffer.compare(files[0] ?? new Uint8Array(0), files[1] ?? new Uint8Array(1))).toBe(0)
    await rm(folder, { recursive: true, force: true })
  })
})

describe('the fragments at the edges of a clip', () => {
  test.each([
    ['of one part', 30, 'FRAGMENT'],
    ['of one part, cut exactly', 30, 'EXACT'],
    ['of three parts', 500, 'FRAGMENT'],
    ['of three parts, cut exactly', 500, 'EXACT'],
  ] as const)('are read with one call, for a clip %s', async (_, seconds, cut) => {
    const keys = Array.from({ length: seconds }, (_, second) => second * 1000)
    await using server = await startFootage([recordSeconds(seconds, keys)])
    await using harness = await startClipHarness(server.url)
    const clip = await whenEnded(harness, await getClip(harness, askFor(1200, seconds * 1000 - 900, { cut })))
    expect(clip.state).toBe('READY')
    await whenEnded(harness, (await harness.clips.find(clip.id, enoughTime())) ?? clip)
    expect(callsOf(harness, 'GetMediaForFragmentList')).toBe(1)
  })

  test.each([
    [{ kind: 'exception', name: 'NotAuthorizedException', status: 401, message: 'no' }, 'KVS_ACCESS_DENIED'],
    [{ kind: 'status', status: 500 }, 'KVS_UNAVAILABLE'],
    [{ kind: 'cut', afterBytes: 100 }, 'KVS_UNAVAILABLE'],
    [{ kind: 'corrupt', offset: 0, length: 64 }, 'KVS_UNAVAILABLE'],
    [{ kind: 'exception', name: 'InvalidArgumentException', status: 400, message: 'Fragment numbers are invalid : 1' }, 'FOOTAGE_EXPIRED'],
  ])('fail the clip when they are not available: %j', async (fault, code) => {
    await using server = await startFootage([recordSeconds(8, [0, 4000])], { faults: true })
    await server.post('/_faults', { operation: 'GetMediaForFragmentList', fault })
    await using harness = await startClipHarness(server.url)
    const failure = await harness.clips.request(ask(1200, 6000), enoughTime()).then(
      ({ clip }) => clip?.failure?.code,
      (error) => error.code,
    )
    expect(failure).toBe(code)
  })

  test('fail the clip with the name and the purpose of the missing permission', async () => {
    await using server = await startFootage([recordSeconds(8, [0, 4000])], { faults: true })
    const fault = { kind: 'exception', name: 'AccessDeniedException', status: 403, message: 'no' }
    await server.post('/_faults', { operation: 'GetMediaForFragmentList', fault })
    await using harness = await startClipHarness(server.url)
    const message = await harness.clips.request(askFor(0, 6000), enoughTime()).then(
      ({ clip }) => clip?.failure?.message,
      (error) => error.message,
    )
    expect(message).toMatch(/kinesisvideo:GetMediaForFragmentList.*fragments at its edges/)
  })

  test('are not read by validateClip', async () => {
    await using server = await startFootage([recordSeconds(8, [0, 4000])])
    await using harness = await startClipHarness(server.url)
    expect(await harness.clips.validate(ask(1200, 6000), { probe: false }, enoughTime())).toMatchObject({ valid: true })
    expect(callsOf(harness, 'GetMediaForFragmentList')).toBe(0)
  })
})
