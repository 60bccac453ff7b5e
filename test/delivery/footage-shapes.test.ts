import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { MAX_LOOK_BACK_MS } from '../../src/domain/clip-plan.js'
import type { FragmentSelectorType } from '../../src/domain/time-range.js'
import { downloadClip } from '../support/clip-calls.js'
import { askFor, type ClipHarness, START, startClipHarness } from '../support/clip-harness.js'
import { type FootageShape, footageShapes, recordShape } from '../support/footage-shapes.js'
import { enoughTime } from '../support/kvs-for-test.js'
import { type PacedFootage, type PacedPicture, startPacedFootage, toExactCut } from '../support/paced-footage.js'
import { shownPictures, shownTimes } from '../support/shown-pictures.js'

// Cameras that code and muxers that cut in any way: what is shown is compared with a model that knows nothing of MP4.

interface Asked {
  readonly selector: FragmentSelectorType
  /** From 0 to 1: between the first picture and the last. Behind the listed end of the last fragment nothing is looked for. */
  readonly from: number
  readonly to: number
}

const asked = fc.record({
  selector: fc.constantFrom<FragmentSelectorType>('PRODUCER_TIMESTAMP', 'SERVER_TIMESTAMP'),
  from: fc.integer({ min: 0, max: 90 }).map((percent) => percent / 100),
  to: fc.integer({ min: 0, max: 90 }).map((percent) => percent / 100),
})

/** Whether a key frame that is decoded before all of them, and shown no later, is within what an exact cut fetches. */
function isDecodable(all: readonly PacedPicture[], wanted: readonly PacedPicture[], startMs: number, selector: FragmentSelectorType) {
  const [first] = wanted
  const earliest = Math.min(...wanted.map(({ decodeIndex }) => decodeIndex))
  return all.some(
    ({ isKey, decodeIndex, timeMs }) =>
      isKey &&
      decodeIndex <= earliest &&
      timeMs.PRODUCER_TIMESTAMP <= (first?.timeMs.PRODUCER_TIMESTAMP ?? 0) &&
      timeMs[selector] >= startMs - MAX_LOOK_BACK_MS,
  )
}

async function expectExact(footage: PacedFootage, harness: ClipHarness, { selector, from, to }: Asked): Promise<void> {
  const times = footage.pictures.map(({ timeMs }) => timeMs[selector])
  const [firstMs, lastMs] = [Math.min(...times), Math.max(...times)]
  const [a, b] = [from, to].map((part) => Math.round(firstMs + part * (lastMs - firstMs)))
  const [startMs, endMs] = [Math.min(a ?? 0, b ?? 0), Math.max(a ?? 0, b ?? 0) + 1]
  const wanted = toExactCut(footage.pictures, { selector, startMs, endMs })
  if (wanted.length === 0) return
  const input = askFor(startMs - START, endMs - START, { cut: 'EXACT', fragmentSelectorType: selector })
  const { clip, issues } = await harness.clips.request(input, enoughTime())
  if (!isDecodable(footage.pictures, wanted, startMs, selector)) {
    expect(issues.map(({ code }) => code)).toContain('STARTS_WITHOUT_KEY_FRAME')
    return
  }
  if (clip === null) throw new Error(JSON.stringify(issues))
  const file = await downloadClip(harness, clip)
  expect(shownPictures(file)).toEqual(wanted.map(({ md5 }) => md5))
  expect(shownTimes(file)).toEqual(wanted.map(({ timeMs }) => timeMs.PRODUCER_TIMESTAMP - (wanted[0]?.timeMs.PRODUCER_TIMESTAMP ?? 0)))
}

async function expectWhole(footage: PacedFootage, harness: ClipHarness, { selector, from, to }: Asked): Promise<void> {
  const last = footage.fragmentCount - 1
  const [first, until] = [Math.min(from, to), Math.max(from, to)].map((part) => Math.round(part * last))
  const [startMs, endMs] = [footage.startsMs[first ?? 0]?.[selector] ?? 0, footage.startsMs[until ?? 0]?.[selector] ?? 0]
  const held = footage.pictures.filter(({ fragment }) => fragment >= (first ?? 0) && fragment <= (until ?? 0))
  const inDecodeOrder = held.toSorted((a, b) => a.decodeIndex - b.decodeIndex)
  const key = inDecodeOrder.find(({ isKey }) => isKey)
  const input = askFor(startMs - START, Math.max(endMs, startMs + 1) - START, { fragmentSelectorType: selector })
  const { clip, issues } = await harness.clips.request(input, enoughTime())
  const told = issues.find(({ code }) => code === 'STARTS_WITHOUT_KEY_FRAME')
  if (key === undefined) {
    expect(told?.severity).toBe('ERROR')
    return
  }
  if (clip === null) throw new Error(JSON.stringify(issues))
  const shown = held.filter(({ timeMs }) => timeMs.PRODUCER_TIMESTAMP >= key.timeMs.PRODUCER_TIMESTAMP)
  expect(told?.severity).toBe(shown.length < held.length ? 'WARNING' : undefined)
  const file = await downloadClip(harness, clip)
  expect(shownPictures(file)).toEqual(shown.map(({ md5 }) => md5))
  const delivered = (await harness.clips.find(clip.id, enoughTime()))?.delivered
  if (told && selector === 'PRODUCER_TIMESTAMP') expect(delivered?.startMs).toBe(key.timeMs[selector])
}

async function check(shape: FootageShape, wishes: readonly Asked[], expectAll: typeof expectExact): Promise<void> {
  const footage = await startPacedFootage(recordShape(shape))
  await using _ = footage.server
  await using harness = await startClipHarness(footage.server.url)
  for (const wish of wishes) await expectAll(footage, harness, wish)
}

const wishes = fc.array(asked, { minLength: 6, maxLength: 6 })

test('an exact cut shows the pictures of its range, and no others, of any footage', async () => {
  await fc.assert(
    fc.asyncProperty(footageShapes, wishes, (shape, all) => check(shape, all, expectExact)),
    { numRuns: 12, endOnFailure: true },
  )
}, 120_000)

test('whole fragments show what can be decoded of them, of any footage', async () => {
  await fc.assert(
    fc.asyncProperty(footageShapes, wishes, (shape, all) => check(shape, all, expectWhole)),
    { numRuns: 12, endOnFailure: true },
  )
}, 120_000)
