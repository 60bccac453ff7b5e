import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Clip, ClipCut } from '../../src/domain/clip.js'
import type { FragmentSelectorType } from '../../src/domain/time-range.js'
import { downloadClip } from '../support/clip-calls.js'
import { askFor, type ClipHarness, START, startClipHarness } from '../support/clip-harness.js'
import { enoughTime } from '../support/kvs-for-test.js'
import { type PacedFootage, startPacedFootage, toExactCut } from '../support/paced-footage.js'
import { shownPictures } from '../support/shown-pictures.js'

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

/** The cuts that the file was made for: milliseconds from the producer's start, the first and the last picture, and how many there are. */
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
    const asked = { selector: 'PRODUCER_TIMESTAMP', startMs: START + from, endMs: START + to } as const
    const wanted = toExactCut(footage.pictures, asked)
    const times = wanted.map(({ timeMs }) => timeMs.PRODUCER_TIMESTAMP - START)
    expect([times[0], times.at(-1), times.length]).toEqual([firstMs, lastMs, count])
    const { clip, shown } = await ask(harness, asked)
    expect(shown).toEqual(wanted.map((picture) => picture.md5))
    expect(clip).toMatchObject({ state: 'READY', delivered: { startMs: START + firstMs } })
  })

  test.each(SELECTORS)('shows what the definition says, wherever it begins and ends (%s)', async (selector) => {
    const times = footage.pictures.map(({ timeMs }) => timeMs[selector])
    const edge = fc.oneof(fc.constantFrom(...times), fc.constantFrom(...footage.startsMs.map((startMs) => startMs[selector])))
    const instant = fc.tuple(edge, fc.constantFrom(-1, 0, 1, 17, -23)).map(([ms, off]) => ms + off)
    const windows = fc
      .tuple(instant, instant)
      .map(([a, b]) => ({ selector, startMs: Math.min(a, b), endMs: Math.max(a, b) }))
      .filter(({ startMs, endMs }) => endMs > startMs && toExactCut(footage.pictures, { selector, startMs, endMs }).length > 0)
    const property = fc.asyncProperty(windows, async (asked) => {
      const wanted = toExactCut(footage.pictures, asked)
      const { clip, shown } = await ask(harness, asked)
      expect(shown).toEqual(wanted.map((picture) => picture.md5))
      expect(clip.delivered.startMs).toBe(wanted[0]?.timeMs[selector])
    })
    await fc.assert(property, { numRuns: 40 })
  })
})
