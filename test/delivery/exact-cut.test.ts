import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Clip } from '../../src/domain/clip.js'
import type { FragmentSelectorType } from '../../src/domain/time-range.js'
import { askFor, type ClipHarness, readContent, START, startClipHarness, tokenOf } from '../support/clip-harness.js'
import { type ExactFootage, type ModelFrame, startExactFootage, type WantedFragment } from '../support/exact-footage.js'
import { enoughTime } from '../support/kvs-for-test.js'
import { type Mp4boxTrack, md5, readWithMediabunny, readWithMp4box } from '../support/mp4-packets.js'

const SELECTORS = ['PRODUCER_TIMESTAMP', 'SERVER_TIMESTAMP'] as const

/** 25 frames a second. `lead` is how long the first block, which is sound, precedes the first frame. */
const evenly = (count: number, lead = 0) => Array.from({ length: count }, (_, index) => lead + index * 40)
/** The same in groups of I, P, b: the frame that is decoded second is shown last. */
const reordered = (count: number) =>
  evenly(count).map((_, index) => (index === 0 ? 0 : 40 * (index % 2 === 1 ? Math.min(index + 1, count - 1) : index - 1)))
const sounding = (ms: number) => Array.from({ length: Math.floor(ms / 21) }, (_, index) => Math.round((index * 1024) / 48))

interface Seen {
  readonly clip: Clip
  readonly file: Uint8Array
  /** Hashes of the frames that the edit list shows, in presentation order. */
  readonly shown: readonly string[]
}

async function cut(
  { clips }: ClipHarness,
  { selector, startMs, endMs }: { readonly selector: FragmentSelectorType; readonly startMs: number; readonly endMs: number },
): Promise<Seen> {
  const input = askFor(startMs - START, endMs - START, { cut: 'EXACT', fragmentSelectorType: selector })
  const { clip, issues } = await clips.request(input, enoughTime())
  if (clip === null) throw new Error(JSON.stringify(issues))
  const file = await readContent(await clips.open(tokenOf(clip), enoughTime()), enoughTime())
  const ready = (await clips.find(clip.id, enoughTime())) ?? clip
  const [video] = readWithMp4box(file)
  return { clip: ready, file, shown: video === undefined ? [] : shownOf(file, video) }
}

function shownOf(file: Uint8Array, { samples, edits }: Mp4boxTrack): string[] {
  const edit = edits.find(({ media_time }) => media_time >= 0)
  const from = edit?.media_time ?? 0
  const until = edit ? from + edit.segment_duration : Number.POSITIVE_INFINITY
  return samples
    .filter(({ cts }) => cts >= from && cts < until)
    .toSorted((a, b) => a.cts - b.cts)
    .map(({ offset, size }) => md5(file.subarray(offset, offset + size)))
}

/** The definition: from the first frame at or after the start to the last at or before the end, in presentation order. */
function expected(
  { fragments }: ExactFootage,
  { selector, startMs, endMs }: { readonly selector: FragmentSelectorType; readonly startMs: number; readonly endMs: number },
): ModelFrame[] {
  const frames = fragments.flatMap((fragment) => fragment.frames)
  const first = frames.findIndex(({ timeMs }) => timeMs[selector] >= startMs)
  const last = frames.findLastIndex(({ timeMs }) => timeMs[selector] <= endMs)
  return frames.slice(first, last + 1)
}

const hashes = (frames: readonly ModelFrame[]) => frames.map((frame) => frame.md5)

async function expectExact(footage: ExactFootage, harness: ClipHarness, range: Parameters<typeof cut>[1]): Promise<Seen> {
  const wanted = expected(footage, range)
  const seen = await cut(harness, range)
  expect(seen.shown).toEqual(hashes(wanted))
  expect(seen.clip).toMatchObject({ state: 'READY', form: 'REBUILT', requested: { startMs: range.startMs, endMs: range.endMs } })
  expect(seen.clip.delivered.startMs).toBe(wanted[0]?.timeMs[range.selector])
  expect(seen.clip.timeline[0]).toMatchObject({ mediaStartMs: 0, range: { startMs: seen.clip.delivered.startMs } })
  return seen
}

/** Requests every window of at least one frame whose ends are at the edges of frames and fragments, or a millisecond before or after. */
function windows(footage: ExactFootage, selector: FragmentSelectorType): fc.Arbitrary<{ startMs: number; endMs: number }> {
  const edges = footage.fragments.flatMap(({ frames }) => frames.map(({ timeMs }) => timeMs[selector]))
  const starts = footage.fragments.map(({ frames }) => frames[0]?.timeMs[selector] ?? 0)
  const edge = fc.oneof(fc.constantFrom(...starts), fc.constantFrom(...edges))
  const instant = fc.tuple(edge, fc.constantFrom(-1, 0, 1, 17, -23)).map(([ms, off]) => ms + off)
  return fc
    .tuple(instant, instant)
    .map(([a, b]) => ({ startMs: Math.min(a, b), endMs: Math.max(a, b) }))
    .filter(({ startMs, endMs }) => endMs > startMs && expected(footage, { selector, startMs, endMs }).length > 0)
}

const SHAPES: Readonly<Record<string, readonly WantedFragment[]>> = {
  'with even fragments': Array.from({ length: 8 }, (_, index) => ({
    producerMs: index * 1000,
    serverMs: index * 1000 + 70,
    framesMs: evenly(25),
  })),
  'with B-frames, sound and a hole': Array.from({ length: 8 }, (_, index) => ({
    producerMs: index * 1000 + (index >= 4 ? 7300 : 0),
    serverMs: index * 1000 + (index >= 4 ? 7300 : 0) + 70,
    framesMs: reordered(25),
    soundMs: sounding(1000),
  })),
  'whose fragments begin with sound': Array.from({ length: 8 }, (_, index) => ({
    producerMs: index * 1000 - (index % 3) * 9 + 20,
    serverMs: index * 1000 + 70,
    framesMs: evenly(25, (index % 3) * 9),
    soundMs: sounding(960),
  })),
  'whose fragments begin long before the last frames of those before them': Array.from({ length: 8 }, (_, index) => ({
    producerMs: index * 1000,
    serverMs: index * 1000 + 70,
    framesMs: evenly(25, 83),
    soundMs: sounding(1000),
  })),
  'whose clocks drift apart': Array.from({ length: 8 }, (_, index) => ({
    producerMs: index * 1000,
    serverMs: index * 1013 + (index % 2) * 5,
    framesMs: evenly(25),
  })),
}

describe.each(Object.entries(SHAPES))('an exact cut of footage %s', (_, wanted) => {
  let footage: ExactFootage
  let harness: ClipHarness
  beforeAll(async () => {
    footage = await startExactFootage(wanted)
    harness = await startClipHarness(footage.server.url)
  })
  afterAll(async () => {
    await harness[Symbol.asyncDispose]()
    await footage.server[Symbol.asyncDispose]()
  })

  test.each(SELECTORS)('shows the frames of the definition at every edge, and one millisecond off (%s)', async (selector) => {
    const property = fc.asyncProperty(windows(footage, selector), async (window) => {
      await expectExact(footage, harness, { selector, ...window })
    })
    await fc.assert(property, { numRuns: 40 })
  })

  test.each(SELECTORS)('can be a single frame (%s)', async (selector) => {
    const frame = footage.fragments[3]?.frames[7]
    const atMs = frame?.timeMs[selector] ?? 0
    const { clip, file, shown } = await expectExact(footage, harness, { selector, startMs: atMs, endMs: atMs + 1 })
    expect(shown).toEqual([frame?.md5])
    expect(clip.durationMs).toBe(40)
    expect(clip.delivered).toEqual({ startMs: atMs, endMs: atMs + 40 })
    const { video } = await readWithMediabunny(file)
    expect(video.filter(({ timeMs }) => timeMs >= 0 && timeMs < clip.durationMs).map((packet) => packet.md5)).toEqual(shown)
  })
})

describe('an exact cut at a hole', () => {
  let footage: ExactFootage
  let harness: ClipHarness
  beforeAll(async () => {
    footage = await startExactFootage(SHAPES['with B-frames, sound and a hole'] ?? [])
    harness = await startClipHarness(footage.server.url)
  })
  afterAll(async () => {
    await harness[Symbol.asyncDispose]()
    await footage.server[Symbol.asyncDispose]()
  })
  const edges = (selector: FragmentSelectorType) => ({
    endMs: footage.fragments[3]?.frames.at(-1)?.timeMs[selector] ?? 0,
    startMs: footage.fragments[4]?.frames[0]?.timeMs[selector] ?? 0,
  })

  test.each(SELECTORS)('begins with the footage after the hole when it starts in the hole (%s)', async (selector) => {
    const hole = edges(selector)
    const { clip } = await expectExact(footage, harness, { selector, startMs: hole.endMs + 2000, endMs: hole.startMs + 500 })
    expect(clip.delivered.startMs).toBe(hole.startMs)
    expect(clip.fragmentCount).toBe(1)
  })

  test.each(SELECTORS)('ends with the footage before the hole when it ends in the hole (%s)', async (selector) => {
    const hole = edges(selector)
    const { clip } = await expectExact(footage, harness, { selector, startMs: hole.endMs - 1500, endMs: hole.startMs - 2000 })
    expect(clip.delivered.endMs).toBe(hole.endMs + 40)
    expect(clip.durationMs).toBe(clip.delivered.endMs - clip.delivered.startMs)
  })

  test.each(SELECTORS)('keeps the hole, and its timeline has the time of each part (%s)', async (selector) => {
    const hole = edges(selector)
    const { clip } = await expectExact(footage, harness, { selector, startMs: hole.endMs - 521, endMs: hole.startMs + 199 })
    expect(clip.timeline).toHaveLength(2)
    expect(clip.timeline[1]).toEqual({
      mediaStartMs: hole.startMs - clip.delivered.startMs,
      range: { startMs: hole.startMs, endMs: clip.delivered.endMs },
    })
    expect(clip.durationMs).toBe(clip.delivered.endMs - clip.delivered.startMs)
  })
})

describe('an exact cut of several parts', () => {
  const wanted = Array.from({ length: 450 }, (_, index) => ({
    producerMs: index * 200 - (index % 3) * 9 + 20 + (index >= 200 ? 61_000 : 0),
    serverMs: index * 200 + 70 + (index >= 200 ? 61_000 : 0),
    framesMs: evenly(5, (index % 3) * 9),
    soundMs: sounding(150),
  }))
  let footage: ExactFootage
  let harness: ClipHarness
  beforeAll(async () => {
    footage = await startExactFootage(wanted)
    harness = await startClipHarness(footage.server.url)
  })
  afterAll(async () => {
    await harness[Symbol.asyncDispose]()
    await footage.server[Symbol.asyncDispose]()
  })

  test.each(SELECTORS)('shows the frames of the definition (%s)', async (selector) => {
    const timeOf = (fragment: number, frame: number) => footage.fragments[fragment]?.frames[frame]?.timeMs[selector] ?? 0
    for (const [from, to] of [
      [3, 447],
      [1, 440],
      [30, 201],
      [150, 400],
    ] as const) {
      for (const off of [-1, 0, 1]) {
        const range = { selector, startMs: timeOf(from, 2) + off, endMs: timeOf(to, 3) + off }
        const { file, shown, clip } = await expectExact(footage, harness, range)
        const { video } = await readWithMediabunny(file)
        expect(video.filter(({ timeMs }) => timeMs >= 0 && timeMs < clip.durationMs).map((packet) => packet.md5)).toEqual(shown)
      }
    }
  })
})

describe('clocks that disagree', () => {
  test('cause a warning by server time when their spacing differs by more than a second', async () => {
    const drifting = (perFragmentMs: number) =>
      Array.from({ length: 6 }, (_, index) => ({ producerMs: index * 1000, serverMs: index * perFragmentMs, framesMs: evenly(25) }))
    for (const [perFragmentMs, isTold] of [
      [1200, false],
      [1201, true],
      [799, true],
      [10, true],
    ] as const) {
      const footage = await startExactFootage(drifting(perFragmentMs))
      await using _ = footage.server
      await using harness = await startClipHarness(footage.server.url)
      const startMs = footage.serverStartMs
      const codesOf = async (selector: FragmentSelectorType, fromMs: number) => {
        const input = askFor(fromMs - START, fromMs + 20_000 - START, { cut: 'EXACT', fragmentSelectorType: selector })
        return (await harness.clips.request(input, enoughTime())).issues.map(({ code, severity }) => `${severity} ${code}`)
      }
      expect((await codesOf('SERVER_TIMESTAMP', startMs)).includes('WARNING CLOCKS_DISAGREE')).toBe(isTold)
      expect(await codesOf('PRODUCER_TIMESTAMP', START)).not.toContain('WARNING CLOCKS_DISAGREE')
    }
  })
})
