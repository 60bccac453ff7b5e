import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { measureAnswer } from '../../../src/delivery/verify/answer-measures.js'
import { type ComparedPart, compareFootage } from '../../../src/delivery/verify/compare-footage.js'
import type { FragmentPictures } from '../../../src/delivery/verify/fragment-pictures.js'
import {
  type Frame,
  listedBytesOf,
  picturesOf,
  type RecordedFragment,
  type RecordingOptions,
  record,
  toPart,
} from '../../support/mp4-recording.js'

/** As ListFragments reports them: the length excludes the last frame. */
function listed(fragments: readonly RecordedFragment[]): ComparedPart {
  const framesOf = ({ video, sound }: RecordedFragment) => [...video, ...sound]
  return {
    firstPlace: 0,
    fragmentCount: fragments.length,
    producerStartsMs: Float64Array.from(fragments, ({ startMs }) => startMs),
    sizesBytes: Float64Array.from(fragments, (fragment) => listedBytesOf(fragment)),
    lengthsMs: Float64Array.from(
      fragments,
      (fragment) =>
        Math.max(...framesOf(fragment).map(({ timeMs }) => timeMs)) - Math.min(...framesOf(fragment).map(({ timeMs }) => timeMs)),
    ),
  }
}

/** The pictures that were read from the first and the last fragment. */
function readOf(fragments: readonly RecordedFragment[]): ReadonlyMap<number, FragmentPictures> {
  const [first, last] = [fragments[0], fragments.at(-1)]
  return new Map(first && last ? [[fragments.length - 1, picturesOf(last)] as const, [0, picturesOf(first)] as const] : [])
}

function movieOf(fragments: readonly RecordedFragment[], { sound = null }: Pick<RecordingOptions, 'sound'> = {}) {
  return toPart(fragments, sound, 0).part.movie
}

function answerOf(fragments: readonly RecordedFragment[], { sound = null }: Pick<RecordingOptions, 'sound'> = {}) {
  return measureAnswer(movieOf(fragments, { sound }))
}

/** Fragments of a second and more with few frames, because fragments take long to build. */
const recordings = fc
  .record({
    fragments: fc.integer({ min: 2, max: 8 }),
    framesPerFragment: fc.integer({ min: 12, max: 30 }),
    rate: fc.constantFrom(12, 10),
    hasBFrames: fc.boolean(),
    sound: fc.constantFrom(null, 'aac' as const, 'alaw' as const),
    soundFirst: fc.boolean(),
    gaps: fc.dictionary(fc.integer({ min: 1, max: 7 }).map(String), fc.oneof(fc.integer({ min: 700, max: 5000 }), fc.constant(3_600_000))),
  })
  .map(({ gaps, soundFirst, ...options }) => ({
    // Sound is muxed ahead of a key frame by a moment, and not across a hole.
    options: { ...options, soundFirst: soundFirst && Object.keys(gaps).length === 0 },
    gaps: new Map(Object.entries(gaps).map(([fragment, gapMs]) => [Number(fragment), gapMs])),
  }))

/**
 * Other camera behaviour: fragments that begin with other frames, key frames inside fragments, sound across borders, a clock that is read
 * late.
 */
const rightAnswers = fc.record({
  options: fc.record({
    fragments: fc.integer({ min: 2, max: 8 }),
    framesPerFragment: fc.integer({ min: 3, max: 40 }),
    rate: fc.constantFrom(15, 25, 30),
    hasBFrames: fc.boolean(),
    sound: fc.constantFrom(null, 'aac' as const, 'alaw' as const),
  }),
  /** In fragments or in milliseconds. */
  holes: fc.dictionary(
    fc.integer({ min: 1, max: 7 }).map(String),
    fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 40, max: 5000 })),
  ),
  keepsHoles: fc.boolean(),
  /** Frames between key frames. Null means one key frame for each fragment. */
  keyEvery: fc.constantFrom(null, null, 1, 5, 15),
  firstKey: fc.constantFrom(0, 0, 1, 2),
  /** Blocks of sound that are muxed into the previous or the next fragment. */
  moved: fc.array(fc.integer({ min: -4, max: 4 }), { minLength: 8, maxLength: 8 }),
  jitter: fc.array(fc.integer({ min: -1, max: 1 }), { minLength: 16, maxLength: 16 }),
  /** Fragments before the requested ones, so that sound may come first. */
  dropped: fc.constantFrom(0, 1),
})

type RightAnswer = typeof rightAnswers extends fc.Arbitrary<infer T> ? T : never

function recordRight({ options, holes, keepsHoles, jitter, dropped, ...frames }: RightAnswer) {
  const fragmentMs = Math.round((options.framesPerFragment * 1000) / options.rate)
  const gaps = new Map(Object.entries(holes).map(([at, hole]) => [Number(at), hole <= 4 ? hole * fragmentMs : hole]))
  const [open, closed] = [{ ...options, gaps }, options].map((recorded) =>
    moveSound(record(recorded), { moved: frames.moved, gaps }).map((fragment) => withKeys(fragment, frames)),
  )
  const part = listed(open?.slice(dropped) ?? [])
  return {
    read: readOf(open?.slice(dropped) ?? []),
    answer: answerOf((keepsHoles ? open : closed)?.slice(dropped) ?? [], options),
    part: {
      ...part,
      producerStartsMs: part.producerStartsMs.map((startMs, index) => startMs + (jitter[index] ?? 0)),
      lengthsMs: part.lengthsMs.map((lengthMs, index) => lengthMs + (jitter[8 + index] ?? 0)),
    },
  }
}

function withKeys(fragment: RecordedFragment, { keyEvery, firstKey }: Pick<RightAnswer, 'keyEvery' | 'firstKey'>): RecordedFragment {
  const isKey = (at: number) => (keyEvery === null ? at === firstKey : at % keyEvery === firstKey % keyEvery)
  const toFrame = (frame: Frame, at: number) => ({ ...frame, isKey: isKey(at), payload: new Uint8Array(isKey(at) ? 5000 : 1500) })
  return { ...fragment, video: fragment.video.map(toFrame) }
}

/** Not across holes. */
function moveSound(
  fragments: readonly RecordedFragment[],
  { moved, gaps }: { moved: readonly number[]; gaps: ReadonlyMap<number, number> },
): RecordedFragment[] {
  const sounds = fragments.map(({ sound }) => [...sound])
  sounds.forEach((sound, index) => {
    const [before, blocks] = [sounds[index - 1], gaps.has(index) ? 0 : (moved[index] ?? 0)]
    if (blocks > 0) before?.push(...sound.splice(0, blocks))
    else if (blocks < 0) sound.unshift(...(before?.splice(blocks) ?? []))
  })
  return fragments.map((fragment, index) => {
    const sound = sounds[index] ?? []
    return { ...fragment, sound, startMs: Math.min(...[...fragment.video, ...sound].map(({ timeMs }) => timeMs)) }
  })
}

interface LedShape {
  readonly fragments: number
  readonly framesPerFragment: number
  readonly frameMs: number
  /** How long before the pictures of a fragment its sound begins. The timestamp of the fragment is that of the sound. */
  readonly leadMs: number
  readonly hasSound: boolean
  readonly sizes: readonly number[]
}

/** A slow camera, with sound or with fragments that start early. */
function recordLed({ fragments, framesPerFragment, frameMs, leadMs, hasSound, sizes }: LedShape): RecordedFragment[] {
  const fragmentMs = framesPerFragment * frameMs
  const blocks = Math.floor(fragmentMs / 100)
  return Array.from({ length: fragments }, (_, fragment) => {
    const startMs = 1_700_000_000_000 + fragment * fragmentMs
    const video = Array.from({ length: framesPerFragment }, (_, frame) => ({
      timeMs: startMs + leadMs + frame * frameMs,
      isKey: frame === 0,
      payload: new Uint8Array(sizes[(fragment * framesPerFragment + frame) % sizes.length] ?? 0),
    }))
    const toSound = (block: number): Frame => ({ timeMs: startMs + block * 100, isKey: true, payload: new Uint8Array(20 + (block % 3)) })
    return { startMs, video, sound: hasSound ? Array.from({ length: blocks }, (_, block) => toSound(block)) : [] }
  })
}

describe('a response', () => {
  test('with the listed fragments is accepted, with its holes', () => {
    const holds = fc.property(recordings, ({ options, gaps }) => {
      const fragments = record({ ...options, gaps })
      expect(compareFootage(answerOf(fragments, options), listed(fragments), readOf(fragments))).toBeNull()
    })
    fc.assert(holds, { numRuns: 100 })
  })

  test('is also accepted when its holes are closed', () => {
    const holds = fc.property(recordings, ({ options, gaps }) => {
      const closed = answerOf(record(options), options)
      const fragments = record({ ...options, gaps })
      expect(compareFootage(closed, listed(fragments), readOf(fragments))).toBeNull()
    })
    // The frames before many holes last half a fragment in total.
    const options = { fragments: 6, framesPerFragment: 12, rate: 12, hasBFrames: false, sound: null, soundFirst: false } as const
    const gaps = new Map([1, 2, 3, 4, 5].map((fragment) => [fragment, fragment < 3 ? 3_600_000 : 700]))
    fc.assert(holds, { numRuns: 100, examples: [[{ options, gaps }]] })
  })

  test('is also accepted when holes as long as some of its fragments are closed', () => {
    const holds = fc.property(recordings, fc.integer({ min: 1, max: 4 }), ({ options, gaps }, times) => {
      const holeMs = times * Math.round((options.framesPerFragment * 1000) / options.rate)
      const holes = new Map([...gaps.keys()].map((fragment) => [fragment, holeMs]))
      const fragments = record({ ...options, gaps: holes })
      expect(compareFootage(answerOf(record(options), options), listed(fragments), readOf(fragments))).toBeNull()
    })
    const options = { fragments: 10, framesPerFragment: 20, rate: 10, hasBFrames: false, sound: 'alaw', soundFirst: false } as const
    fc.assert(holds, { numRuns: 100, examples: [[{ options, gaps: new Map([[4, 0]]) }, 1]] })
  })

  test('is accepted for any first and last frames of its fragments', () => {
    const holds = fc.property(rightAnswers, (right) => {
      const { answer, part, read } = recordRight(right)
      expect(compareFootage(answer, part, read)).toBeNull()
    })
    fc.assert(holds, { numRuns: 200 })
  })

  test('whose fragments do not begin with key frames is not rejected for their sizes', () => {
    const fragments = record({ fragments: 6, framesPerFragment: 30, rate: 15 }).map(({ video, ...fragment }, index) => ({
      ...fragment,
      video: video.map((frame, at) => ({ ...frame, isKey: at === 1, payload: new Uint8Array(at === 0 && index === 3 ? 9000 : 1500) })),
    }))
    expect(compareFootage(answerOf(fragments), listed(fragments), readOf(fragments))).toBeNull()
  })

  test('with holes whose key frames are second in decoding order is not rejected', () => {
    const gaps = new Map([
      [2, 3608],
      [5, 1334],
    ])
    const fragments = record({ fragments: 10, framesPerFragment: 20, hasBFrames: true, sound: 'aac', gaps }).map(
      ({ video, ...fragment }) => ({ ...fragment, video: video.map((frame, at) => ({ ...frame, isKey: at === 1 })) }),
    )
    expect(compareFootage(answerOf(fragments, { sound: 'aac' }), listed(fragments), readOf(fragments))).toBeNull()
  })

  test('in the order of the server timestamps is accepted for any producer timestamps', () => {
    const holds = fc.property(recordings, fc.infiniteStream(fc.integer({ min: -1e10, max: 1e10 })), ({ options }, jumps) => {
      const fragments = record(options)
      const part = listed(fragments)
      const producerStartsMs = part.producerStartsMs.map((startMs) => startMs + (jumps.next().value ?? 0))
      expect(compareFootage(answerOf(fragments, options), { ...part, producerStartsMs }, readOf(fragments))).toBeNull()
    })
    fc.assert(holds, { numRuns: 100 })
  })

  test('whose fragments do not begin with key frames is not rejected', () => {
    const holds = fc.property(recordings, fc.integer({ min: 1, max: 40 }), ({ options, gaps }, shift) => {
      const fragments = record({ ...options, gaps })
      const movie = movieOf(fragments, options)
      const [video, ...others] = movie.tracks
      if (video === undefined) throw new Error('there is video')
      const syncs = Uint8Array.from({ length: video.samples.count }, (_, index) => Number(index % shift === 0))
      const moved = { ...movie, tracks: [{ ...video, samples: { ...video.samples, syncs } }, ...others] }
      expect(compareFootage(measureAnswer(moved), listed(fragments), readOf(fragments))).toBeNull()
    })
    fc.assert(holds, { numRuns: 100 })
  })

  test('without any one of its fragments is incomplete', () => {
    const holds = fc.property(recordings, fc.nat(), ({ options, gaps }, pick) => {
      const fragments = record({ ...options, soundFirst: false, gaps })
      const kept = fragments.filter((_, index) => index !== pick % fragments.length)
      expect(compareFootage(answerOf(kept, options), listed(fragments), readOf(fragments))).toBe('missing')
    })
    fc.assert(holds, { numRuns: 100 })
  })

  test('with overlapping fragments is accepted, and incomplete without any one of them', () => {
    const shapes = fc.record({
      fragments: fc.integer({ min: 4, max: 40 }),
      framesPerFragment: fc.integer({ min: 1, max: 4 }),
      frameMs: fc.constantFrom(500, 1000, 2000),
      leadMs: fc.integer({ min: 0, max: 4000 }),
      hasSound: fc.boolean(),
      sizes: fc.array(fc.integer({ min: 500, max: 9000 }), { minLength: 8, maxLength: 8 }),
      extraBytes: fc.constantFrom(20, 600),
    })
    const holds = fc.property(shapes, fc.nat(), ({ extraBytes, ...shape }, pick) => {
      const fragments = recordLed(shape)
      const sound = shape.hasSound ? ('aac' as const) : null
      const sizesBytes = Float64Array.from(fragments, (fragment) => listedBytesOf(fragment, extraBytes))
      const part = { ...listed(fragments), sizesBytes }
      expect(compareFootage(answerOf(fragments, { sound }), part, readOf(fragments))).toBeNull()
      const lost = 1 + (pick % (fragments.length - 2))
      const kept = fragments.filter((_, index) => index !== lost)
      expect(compareFootage(answerOf(kept, { sound }), part, readOf(fragments))).toBe('missing')
    })
    fc.assert(holds, { numRuns: 150 })
  })

  test('with a fragment that was not listed has too many', () => {
    const holds = fc.property(recordings, fc.nat(), ({ options }, pick) => {
      const fragments = record({ ...options, fragments: options.fragments + 2, soundFirst: false })
      const late = 1 + (pick % (fragments.length - 2))
      const known = fragments.filter((_, index) => index !== late)
      expect(compareFootage(answerOf(fragments, options), listed(known), readOf(known))).toBe('added')
    })
    fc.assert(holds, { numRuns: 100 })
  })

  test('whose last fragment is replaced by an unlisted one is detected by its bytes', () => {
    const fragments = record({ fragments: 20, framesPerFragment: 30 }).map((fragment, index) => ({
      ...fragment,
      video: fragment.video.map((frame) => ({ ...frame, payload: new Uint8Array(1000 + 100 * (index % 7)) })),
    }))
    const known = fragments.filter((_, index) => index !== 8)
    expect(compareFootage(answerOf(fragments.slice(0, -1)), listed(known), readOf(known))).toBe('added')
  })
})
