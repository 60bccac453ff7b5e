import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Clip, ClipCut } from '../../src/domain/clip.js'
import type { FragmentSelectorType } from '../../src/domain/time-range.js'
import { downloadClip } from '../support/clip-calls.js'
import { askFor, type ClipHarness, START, startClipHarness } from '../support/clip-harness.js'
import { enoughTime } from '../support/kvs-for-test.js'
import { readWithMp4box } from '../support/mp4-packets.js'
import { type PacedFootage, type PacedPicture, startPacedFootage, toExactCut } from '../support/paced-footage.js'
import { shownPictures, shownTimes } from '../support/shown-pictures.js'

const SELECTORS = ['PRODUCER_TIMESTAMP', 'SERVER_TIMESTAMP'] as const

interface Asked {
  readonly selector: FragmentSelectorType
  readonly startMs: number
  readonly endMs: number
  readonly cut?: ClipCut
}

async function ask(harness: ClipHarness, { selector, startMs, endMs, cut = 'EXACT' }: Asked): Promise<{ clip: Clip; shown: string[] }> {
  const input = askFor(startMs - START, endMs - START, { cut, fragmentSelectorType: selector })
  const { clip, issues } = await harness.clips.request(input, enoughTime())
  if (clip === null) throw new Error(JSON.stringify(issues))
  const shown = shownPictures(await downloadClip(harness, clip))
  return { clip: (await harness.clips.find(clip.id, enoughTime())) ?? clip, shown }
}

/** Milliseconds of producer time from the first picture on. */
function timesOf(pictures: readonly PacedPicture[]): number[] {
  return pictures.map(({ timeMs }) => timeMs.PRODUCER_TIMESTAMP - (pictures[0]?.timeMs.PRODUCER_TIMESTAMP ?? 0))
}

/**
 * The cuts that each file was made for: start and end in milliseconds from the first picture, the first and the last picture, and the
 * number of pictures.
 */
const WANTED: Readonly<Record<string, readonly (readonly [number, number, number, number, number])[]>> = {
  'clusters-without-key': [
    [3000, 6000, 3000, 6000, 76],
    [5500, 5900, 5520, 5880, 10],
    [4000, 8000, 4000, 8000, 101],
  ],
  'lead-10fps-b-aac': [
    [1050, 5000, 1121, 4921, 39],
    [500, 6850, 521, 6821, 64],
  ],
  'opengop-mkvmerge': [[2500, 3500, 2520, 3480, 25]],
  'opengop-hevc': [[500, 1995, 520, 1960, 37]],
}

describe.each(Object.entries(WANTED))('an exact cut of %s.mkv', (name, cuts) => {
  let footage: PacedFootage
  let harness: ClipHarness
  beforeAll(async () => {
    footage = await startPacedFootage(readFileSync(`test/fixtures/hard/${name}.mkv`))
    harness = await startClipHarness(footage.server.url)
  })
  afterAll(async () => {
    await harness[Symbol.asyncDispose]()
    await footage.server[Symbol.asyncDispose]()
  })

  test.each(cuts)('from %i to %i shows the pictures from %i to %i, %i in all', async (from, to, firstMs, lastMs, count) => {
    const range = { selector: 'PRODUCER_TIMESTAMP', startMs: START + from, endMs: START + to } as const
    const wanted = toExactCut(footage.pictures, range)
    const times = wanted.map(({ timeMs }) => timeMs.PRODUCER_TIMESTAMP - START)
    expect([times[0], times.at(-1), times.length]).toEqual([firstMs, lastMs, count])
    const { clip, shown } = await ask(harness, range)
    expect(shown).toEqual(wanted.map((picture) => picture.md5))
    expect(clip).toMatchObject({ state: 'READY', delivered: { startMs: START + firstMs } })
  })

  test.each(SELECTORS)('shows the pictures of the definition for any start and end (%s)', async (selector) => {
    const times = footage.pictures.map(({ timeMs }) => timeMs[selector])
    const edge = fc.oneof(fc.constantFrom(...times), fc.constantFrom(...footage.startsMs.map((startMs) => startMs[selector])))
    const instant = fc.tuple(edge, fc.constantFrom(-1, 0, 1, 17, -23)).map(([ms, off]) => ms + off)
    const windows = fc
      .tuple(instant, instant)
      .map(([a, b]) => ({ selector, startMs: Math.min(a, b), endMs: Math.max(a, b) }))
      .filter(({ startMs, endMs }) => endMs > startMs && toExactCut(footage.pictures, { selector, startMs, endMs }).length > 0)
    const property = fc.asyncProperty(windows, async (range) => {
      const wanted = toExactCut(footage.pictures, range)
      const { clip, shown } = await ask(harness, range)
      expect(shown).toEqual(wanted.map((picture) => picture.md5))
      expect(clip.delivered.startMs).toBe(wanted[0]?.timeMs[selector])
    })
    await fc.assert(property, { numRuns: 40 })
  })
})

describe('footage whose fragments overlap', () => {
  test.each([
    ['shadowed-2fps-b-aac', 16],
    ['join-lost-fragment', 1875],
  ] as const)(
    '%s.mkv gives all of its %i pictures at their times',
    async (name, count) => {
      const footage = await startPacedFootage(readFileSync(`test/fixtures/hard/${name}.mkv`))
      await using _ = footage.server
      await using harness = await startClipHarness(footage.server.url)
      for (const selector of SELECTORS) {
        const range = { startMs: footage.startsMs[0]?.[selector] ?? 0, endMs: footage.startsMs.at(-1)?.[selector] ?? 0 }
        const { clip, issues } = await harness.clips.request(
          askFor(range.startMs - START, range.endMs - START, { fragmentSelectorType: selector }),
          enoughTime(),
        )
        if (clip === null) throw new Error(JSON.stringify(issues))
        expect(issues.filter(({ code }) => code !== 'END_INSIDE_FRAGMENT')).toEqual([])
        const file = await downloadClip(harness, clip)
        expect(shownPictures(file)).toEqual(footage.pictures.map((picture) => picture.md5))
        expect(shownTimes(file)).toEqual(timesOf(footage.pictures))
        expect(footage.pictures).toHaveLength(count)
      }
    },
    60_000,
  )

  test('shows the pictures of the definition for any start and end of an exact cut of two parts', async () => {
    const footage = await startPacedFootage(readFileSync('test/fixtures/hard/join-lost-fragment.mkv'))
    await using _ = footage.server
    await using harness = await startClipHarness(footage.server.url)
    const instant = fc
      .tuple(fc.integer({ min: 0, max: 75_000 }), fc.constantFrom(0, 1, 39))
      .map(([ms, off]) => START + ms - (ms % 40) + off)
    const property = fc.asyncProperty(instant, instant, fc.constantFrom(...SELECTORS), async (a, b, selector) => {
      const shiftMs = (footage.startsMs[0]?.[selector] ?? 0) - START
      const range = { selector, startMs: Math.min(a, b) + shiftMs, endMs: Math.max(a, b) + 40 + shiftMs }
      const wanted = toExactCut(footage.pictures, range)
      fc.pre(wanted.length > 0)
      const { shown, clip } = await ask(harness, range)
      expect(shown).toEqual(wanted.map((picture) => picture.md5))
      expect(clip.delivered.startMs).toBe(wanted[0]?.timeMs[selector])
    })
    await fc.assert(property, { numRuns: 25 })
  }, 60_000)
})

describe('whole fragments that begin without a key frame', () => {
  let footage: PacedFootage
  let harness: ClipHarness
  beforeAll(async () => {
    footage = await startPacedFootage(readFileSync('test/fixtures/hard/clusters-without-key.mkv'))
    harness = await startClipHarness(footage.server.url)
  })
  afterAll(async () => {
    await harness[Symbol.asyncDispose]()
    await footage.server[Symbol.asyncDispose]()
  })

  test.each(SELECTORS)('are shown from their first key frame on, and the clip and a warning say so (%s)', async (selector) => {
    const first = 3
    const startMs = footage.startsMs[first]?.[selector] ?? 0
    const endMs = footage.startsMs.at(-1)?.[selector] ?? 0
    const held = footage.pictures.filter(({ fragment }) => fragment >= first)
    const key = held.findIndex(({ isKey }) => isKey)
    const keyMs = held[key]?.timeMs[selector] ?? 0
    expect(key).toBeGreaterThan(0)
    const input = askFor(startMs - START, endMs - START, { fragmentSelectorType: selector })
    const { clip, issues } = await harness.clips.request(input, enoughTime())
    if (clip === null) throw new Error(JSON.stringify(issues))
    expect(issues.find(({ code }) => code === 'STARTS_WITHOUT_KEY_FRAME')).toMatchObject({
      severity: 'WARNING',
      path: ['startTimestamp'],
      ranges: [{ startMs: keyMs, endMs }],
    })
    const file = await downloadClip(harness, clip)
    expect(shownPictures(file)).toEqual(held.slice(key).map((picture) => picture.md5))
    expect(readWithMp4box(file)[0]?.samples).toHaveLength(held.length)
    const ready = await harness.clips.find(clip.id, enoughTime())
    expect(ready).toMatchObject({
      state: 'READY',
      delivered: { startMs: keyMs },
      timeline: [{ mediaStartMs: 0, range: { startMs: keyMs } }],
    })
    expect(ready?.durationMs).toBe((held.at(-1)?.timeMs.PRODUCER_TIMESTAMP ?? 0) + 40 - (held[key]?.timeMs.PRODUCER_TIMESTAMP ?? 0))
  })

  test('are refused without any key frame', async () => {
    const input = askFor(720, 1600, { cut: 'FRAGMENT' })
    const { clip, issues } = await harness.clips.request(input, enoughTime())
    expect(clip).toBeNull()
    expect(issues[0]).toMatchObject({ code: 'STARTS_WITHOUT_KEY_FRAME', severity: 'ERROR', ranges: [] })
    expect(issues[0]?.hint).toContain('EXACT')
  })

  test('cause no warning when they begin with a key frame', async () => {
    const { issues } = await harness.clips.request(askFor(0, 8000), enoughTime())
    expect(issues.map(({ code }) => code)).not.toContain('STARTS_WITHOUT_KEY_FRAME')
  })
})
