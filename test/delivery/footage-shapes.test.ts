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

// Cameras and muxers of any kind: the shown pictures are compared with a model that does not use MP4.

interface Asked {
  readonly selector: FragmentSelectorType
  readonly from: Instant
  readonly to: Instant
}

/** Picks edges among all pictures, or those that begin or end fragments: a picture and an offset in milliseconds. */
interface Instant {
  readonly of: 'pictures' | 'starts' | 'ends' | 'timestamps'
  /** From 0 to 1. */
  readonly part: number
  readonly offsetMs: number
}

const instants = fc.record<Instant>({
  of: fc.constantFrom('pictures', 'starts', 'ends', 'timestamps'),
  part: fc.integer({ min: 0, max: 100 }).map((percent) => percent / 100),
  offsetMs: fc.constantFrom(-1, 0, 1, 17, -23, 400),
})

const anyRequest = fc.record({
  selector: fc.constantFrom<FragmentSelectorType>('PRODUCER_TIMESTAMP', 'SERVER_TIMESTAMP'),
  from: instants,
  to: instants,
})

/** Whether an exact cut fetches a key frame that is decoded before all of the pictures and shown no later. */
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

function toMs({ pictures, startsMs }: PacedFootage, selector: FragmentSelectorType, { of, part, offsetMs }: Instant): number {
  const fragments = Map.groupBy(pictures, ({ fragment }) => fragment)
  const edges = [...fragments.values()].map((held) => held.map(({ timeMs }) => timeMs[selector]))
  const all = {
    pictures: edges.flat(),
    starts: edges.map((times) => Math.min(...times)),
    ends: edges.map((times) => Math.max(...times)),
    timestamps: startsMs.map((starts) => starts[selector]),
  }[of]
  return (all[Math.round(part * (all.length - 1))] ?? 0) + offsetMs
}

async function expectExact(footage: PacedFootage, harness: ClipHarness, { selector, from, to }: Asked): Promise<void> {
  const [a, b] = [toMs(footage, selector, from), toMs(footage, selector, to)]
  const [startMs, endMs] = [Math.min(a, b), Math.max(a, b) + (a === b ? 1 : 0)]
  const wanted = toExactCut(footage.pictures, { selector, startMs, endMs })
  const input = askFor(startMs - START, endMs - START, { cut: 'EXACT', fragmentSelectorType: selector })
  const { clip, issues } = await harness.clips.request(input, enoughTime())
  if (wanted.length === 0) {
    const errors = issues.filter(({ severity }) => severity === 'ERROR').map(({ code }) => code)
    expect([clip, errors]).toEqual([null, [expect.stringMatching(/^(NO_FRAGMENTS|JOIN_NOT_POSSIBLE)$/)]])
    return
  }
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
  const [first, until] = [Math.min(from.part, to.part), Math.max(from.part, to.part)].map((part) => Math.round(part * last))
  const [startMs, endMs] = [footage.startsMs[first ?? 0]?.[selector] ?? 0, footage.startsMs[until ?? 0]?.[selector] ?? 0]
  const held = footage.pictures.filter(({ fragment }) => fragment >= (first ?? 0) && fragment <= (until ?? 0))
  const inDecodeOrder = held.toSorted((a, b) => a.decodeIndex - b.decodeIndex)
  const key = inDecodeOrder.find(({ isKey }) => isKey)
  const input = askFor(startMs - START, Math.max(endMs, startMs + 1) - START, { fragmentSelectorType: selector })
  const { clip, issues } = await harness.clips.request(input, enoughTime())
  const issue = issues.find(({ code }) => code === 'STARTS_WITHOUT_KEY_FRAME')
  if (key === undefined) {
    expect(issue?.severity).toBe('ERROR')
    return
  }
  if (clip === null) throw new Error(JSON.stringify(issues))
  const shown = held.filter(({ timeMs }) => timeMs.PRODUCER_TIMESTAMP >= key.timeMs.PRODUCER_TIMESTAMP)
  expect(issue?.severity).toBe(shown.length < held.length ? 'WARNING' : undefined)
  const file = await downloadClip(harness, clip)
  expect(shownPictures(file)).toEqual(shown.map(({ md5 }) => md5))
  const delivered = (await harness.clips.find(clip.id, enoughTime()))?.delivered
  if (issue) expect(delivered?.startMs).toBe(key.timeMs[selector])
}

async function check(shape: FootageShape, wishes: readonly Asked[], expectAll: typeof expectExact): Promise<void> {
  const footage = await startPacedFootage(recordShape(shape))
  await using _ = footage.server
  await using harness = await startClipHarness(footage.server.url)
  for (const wish of wishes) await expectAll(footage, harness, wish)
}

/** A lone picture in the last fragment, shown before a picture of the previous fragment. It does not reveal the duration of frames. */
const LONE_LAST_PICTURE: [FootageShape, Asked[]] = [
  {
    ...{ frameMs: 2000, frames: 21, bFrames: 3, groupsPerGop: 1, isOpen: true },
    ...{ cuts: [4], timestamp: 'first', soundLeadMs: -1500 },
  },
  [
    {
      selector: 'SERVER_TIMESTAMP',
      from: { of: 'pictures', part: 0.86, offsetMs: 0 },
      to: { of: 'pictures', part: 0.96, offsetMs: 17 },
    },
  ],
]

/** A lone picture in its fragment, followed by pictures that are shown before it. */
const LONE_PICTURES: [FootageShape, Asked[]] = [
  {
    ...{ frameMs: 40, frames: 30, bFrames: 1, groupsPerGop: 3, isOpen: true },
    ...{ cuts: [9, 1, 1], timestamp: 'first', soundLeadMs: 90 },
  },
  [0.22, 0.4, 0.82].map((part) => ({
    selector: 'PRODUCER_TIMESTAMP',
    from: { of: 'pictures', part: 0.06, offsetMs: 0 },
    to: { of: 'pictures', part, offsetMs: part === 0.22 ? -1 : 400 },
  })),
]

/**
 * One picture in each fragment, behind sound that is ahead of it. Pictures are shown up to two frames before the timestamp of their
 * fragment.
 */
const SINGLE_PICTURES: [FootageShape, Asked[]] = [
  {
    ...{ frameMs: 40, frames: 24, bFrames: 2, groupsPerGop: 5, isOpen: true },
    ...{ cuts: [1], timestamp: 'first', soundLeadMs: 90 },
  },
  [
    {
      selector: 'SERVER_TIMESTAMP',
      from: { of: 'timestamps', part: 0, offsetMs: 0 },
      to: { of: 'timestamps', part: 0.2, offsetMs: 1 },
    },
  ],
]

/** The same at two frames a second: pictures are decoded up to 1.5 s before they are shown. */
const SLOW_SINGLE_PICTURES: [FootageShape, Asked[]] = [
  {
    ...{ frameMs: 500, frames: 20, bFrames: 3, groupsPerGop: 6, isOpen: true },
    ...{ cuts: [1], timestamp: 'first', soundLeadMs: 0 },
  },
  [
    {
      selector: 'PRODUCER_TIMESTAMP',
      from: { of: 'timestamps', part: 0, offsetMs: 0 },
      to: { of: 'timestamps', part: 0.45, offsetMs: 0 },
    },
  ],
]

/** The first picture of the cut is in the second-to-last fragment. The last fragment holds the picture that is shown before it. */
const PICTURE_BEHIND_ANOTHER: [FootageShape, Asked[]] = [
  {
    ...{ frameMs: 100, frames: 58, bFrames: 2, groupsPerGop: 1, isOpen: false },
    ...{ cuts: [7, 1], timestamp: 'first', soundLeadMs: -1500 },
  },
  [
    {
      selector: 'SERVER_TIMESTAMP',
      from: { of: 'ends', part: 0.63, offsetMs: 0 },
      to: { of: 'starts', part: 0.94, offsetMs: 1 },
    },
  ],
]

/** A single picture that is shown before the timestamp of its fragment: the fragment starts after the range. */
const PICTURE_BEFORE_TIMESTAMP: [FootageShape, Asked[]] = [
  {
    ...{ frameMs: 1000, frames: 21, bFrames: 1, groupsPerGop: 5, isOpen: true },
    ...{ cuts: [1, 4, 5], timestamp: 'first', soundLeadMs: null },
  },
  [
    {
      selector: 'PRODUCER_TIMESTAMP',
      from: { of: 'pictures', part: 0, offsetMs: 400 },
      to: { of: 'pictures', part: 0.05, offsetMs: 0 },
    },
  ],
]

/** One picture in each fragment, and up to a frame of sound before or after the first sound of the fragment. */
const VARYING_SOUND: [FootageShape, Asked[]] = [
  {
    ...{ frameMs: 2000, frames: 40, bFrames: 0, groupsPerGop: 3, isOpen: true },
    ...{ cuts: [1], timestamp: 'first', soundLeadMs: 0 },
  },
  [
    {
      selector: 'PRODUCER_TIMESTAMP',
      from: { of: 'pictures', part: 0, offsetMs: 0 },
      to: { of: 'timestamps', part: 1, offsetMs: 0 },
    },
  ],
]

const wishes = fc.array(anyRequest, { minLength: 6, maxLength: 6 })

test('an exact cut of any footage shows the pictures of its range and no others', async () => {
  await fc.assert(
    fc.asyncProperty(footageShapes, wishes, (shape, all) => check(shape, all, expectExact)),
    {
      numRuns: 12,
      endOnFailure: true,
      examples: [LONE_LAST_PICTURE, LONE_PICTURES, SINGLE_PICTURES, SLOW_SINGLE_PICTURES, PICTURE_BEHIND_ANOTHER, PICTURE_BEFORE_TIMESTAMP],
    },
  )
}, 120_000)

test('whole fragments of any footage show all pictures that can be decoded', async () => {
  await fc.assert(
    fc.asyncProperty(footageShapes, wishes, (shape, all) => check(shape, all, expectWhole)),
    { numRuns: 12, endOnFailure: true, examples: [SINGLE_PICTURES, SLOW_SINGLE_PICTURES, VARYING_SOUND] },
  )
}, 120_000)
