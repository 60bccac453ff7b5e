import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type ComparedPart, compareFootage } from '../../../src/delivery/assembly/compare-footage.js'
import { type RecordedFragment, type RecordingOptions, record, toPart } from '../../support/mp4-recording.js'

const BLOCK_BYTES = 13
const HEADER_BYTES = 300
const selectors = fc.constantFrom('PRODUCER_TIMESTAMP', 'SERVER_TIMESTAMP')

/** As ListFragments tells of them: the length without the last frame, the size with the Matroska around the frames. */
function listed(fragments: readonly RecordedFragment[]): ComparedPart {
  const framesOf = ({ video, sound }: RecordedFragment) => [...video, ...sound]
  return {
    producerStartsMs: Float64Array.from(fragments, ({ startMs }) => startMs),
    lengthsMs: Float64Array.from(
      fragments,
      (fragment) =>
        Math.max(...framesOf(fragment).map(({ timeMs }) => timeMs)) - Math.min(...framesOf(fragment).map(({ timeMs }) => timeMs)),
    ),
    sizesBytes: Float64Array.from(fragments, (fragment) =>
      framesOf(fragment).reduce((sum, { payload }) => sum + payload.byteLength + BLOCK_BYTES, HEADER_BYTES),
    ),
  }
}

function answerOf(fragments: readonly RecordedFragment[], { sound = null }: Pick<RecordingOptions, 'sound'> = {}) {
  return toPart(fragments, sound, 0).part.movie
}

/** Fragments of a second and more, of few frames, for they take long to make. */
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
    // Sound is muxed ahead of a key frame within a moment, and not across a hole.
    options: { ...options, soundFirst: soundFirst && Object.keys(gaps).length === 0 },
    gaps: new Map(Object.entries(gaps).map(([fragment, gapMs]) => [Number(fragment), gapMs])),
  }))

describe('an answer', () => {
  test('with the fragments that were listed is right, with its holes', () => {
    const holds = fc.property(recordings, selectors, ({ options, gaps }, selector) => {
      const fragments = record({ ...options, gaps })
      expect(compareFootage(answerOf(fragments, options), listed(fragments), selector)).toBeNull()
    })
    fc.assert(holds, { numRuns: 100 })
  })

  test('is right also where its holes are closed', () => {
    const holds = fc.property(recordings, selectors, ({ options, gaps }, selector) => {
      const closed = answerOf(record(options), options)
      expect(compareFootage(closed, listed(record({ ...options, gaps })), selector)).toBeNull()
    })
    // The frames before many holes are together as long as half a fragment.
    const options = { fragments: 6, framesPerFragment: 12, rate: 12, hasBFrames: false, sound: null, soundFirst: false } as const
    const gaps = new Map([1, 2, 3, 4, 5].map((fragment) => [fragment, fragment < 3 ? 3_600_000 : 700]))
    fc.assert(holds, { numRuns: 100, examples: [[{ options, gaps }, 'PRODUCER_TIMESTAMP']] })
  })

  test('in the order of the server’s clock is right whatever the producers’ clocks say', () => {
    const holds = fc.property(recordings, fc.infiniteStream(fc.integer({ min: -1e10, max: 1e10 })), ({ options }, jumps) => {
      const fragments = record(options)
      const part = listed(fragments)
      const producerStartsMs = part.producerStartsMs.map((startMs) => startMs + (jumps.next().value ?? 0))
      expect(compareFootage(answerOf(fragments, options), { ...part, producerStartsMs }, 'SERVER_TIMESTAMP')).toBeNull()
    })
    fc.assert(holds, { numRuns: 100 })
  })

  test('whose fragments do not begin with key frames is not doubted', () => {
    const holds = fc.property(recordings, selectors, fc.integer({ min: 1, max: 40 }), ({ options, gaps }, selector, shift) => {
      const fragments = record({ ...options, gaps })
      const answer = answerOf(fragments, options)
      const [video, ...others] = answer.tracks
      if (video === undefined) throw new Error('there is video')
      const syncs = Uint8Array.from({ length: video.samples.count }, (_, index) => Number(index % shift === 0))
      const moved = { ...answer, tracks: [{ ...video, samples: { ...video.samples, syncs } }, ...others] }
      expect(compareFootage(moved, listed(fragments), selector)).toBeNull()
    })
    fc.assert(holds, { numRuns: 100 })
  })

  test('without any one of its fragments lacks some', () => {
    const holds = fc.property(recordings, selectors, fc.nat(), ({ options, gaps }, selector, pick) => {
      const fragments = record({ ...options, soundFirst: false, gaps })
      const kept = fragments.filter((_, index) => index !== pick % fragments.length)
      expect(compareFootage(answerOf(kept, options), listed(fragments), selector)).toBe('missing')
    })
    fc.assert(holds, { numRuns: 100 })
  })

  test('with one that was not listed has more', () => {
    const holds = fc.property(recordings, selectors, fc.nat(), ({ options }, selector, pick) => {
      const fragments = record({ ...options, fragments: options.fragments + 2, soundFirst: false })
      const late = 1 + (pick % (fragments.length - 2))
      const known = fragments.filter((_, index) => index !== late)
      expect(compareFootage(answerOf(fragments, options), listed(known), selector)).toBe('added')
    })
    fc.assert(holds, { numRuns: 100 })
  })

  test('with one that was not listed instead of the last that was is told by its bytes', () => {
    const fragments = record({ fragments: 20, framesPerFragment: 30 }).map((fragment, index) => ({
      ...fragment,
      video: fragment.video.map((frame) => ({ ...frame, payload: new Uint8Array(1000 + 100 * (index % 7)) })),
    }))
    const known = listed(fragments.filter((_, index) => index !== 8))
    expect(compareFootage(answerOf(fragments.slice(0, -1)), known, 'PRODUCER_TIMESTAMP')).toBe('added')
  })
})
