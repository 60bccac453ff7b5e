import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { isFootageMissing } from '../../../src/delivery/assembly/missing-footage.js'

/** Fragments of these lengths with their last frames, one after the other, with gaps before some. */
function listed(lengthsMs: readonly number[], { frameMs = 40, gapsMs = [] }: { frameMs?: number; gapsMs?: readonly number[] } = {}) {
  const startsMs: number[] = []
  let atMs = 1_700_000_000_000
  lengthsMs.forEach((lengthMs, index) => {
    atMs += gapsMs[index] ?? 0
    startsMs.push(atMs)
    atMs += lengthMs
  })
  return {
    part: { producerStartsMs: Float64Array.from(startsMs), lengthsMs: Float64Array.from(lengthsMs, (lengthMs) => lengthMs - frameMs) },
    spanMs: atMs - (startsMs[0] ?? 0),
    playedMs: lengthsMs.reduce((sum, lengthMs) => sum + lengthMs, 0),
  }
}

const USUAL = { frameMs: 40, leadMs: 0 }

const lengths = fc.array(fc.integer({ min: 500, max: 20_000 }), { minLength: 2, maxLength: 200 })

describe('an answer', () => {
  test('that plays for as long as its fragments reach is whole, also when its end is told without the last frame', () => {
    const holds = fc.property(lengths, fc.integer({ min: 0, max: 499 }), (lengthsMs, frameMs) => {
      const { part, spanMs } = listed(lengthsMs, { frameMs })
      for (const givenMs of [spanMs, spanMs - frameMs, spanMs + 100]) {
        expect(isFootageMissing({ givenMs, ...USUAL }, part, 'PRODUCER_TIMESTAMP')).toBe(false)
        expect(isFootageMissing({ givenMs, ...USUAL }, part, 'SERVER_TIMESTAMP')).toBe(false)
      }
    })
    fc.assert(holds)
  })

  test('without any one of its fragments is short', () => {
    const holds = fc.property(lengths, fc.nat(), (lengthsMs, pick) => {
      const { part, spanMs } = listed(lengthsMs)
      const missingMs = lengthsMs[pick % lengthsMs.length] ?? 0
      expect(isFootageMissing({ givenMs: spanMs - missingMs, ...USUAL }, part, 'PRODUCER_TIMESTAMP')).toBe(true)
      expect(isFootageMissing({ givenMs: spanMs - missingMs, ...USUAL }, part, 'SERVER_TIMESTAMP')).toBe(true)
    })
    fc.assert(holds)
  })

  test('may keep the gaps of its footage, or close them', () => {
    const { part, spanMs, playedMs } = listed([2000, 2000, 2000, 2000], { gapsMs: [0, 0, 60_000] })
    expect([spanMs, playedMs].map((givenMs) => isFootageMissing({ givenMs, ...USUAL }, part, 'PRODUCER_TIMESTAMP'))).toEqual([false, false])
    expect(
      [spanMs, playedMs].map((givenMs) => isFootageMissing({ givenMs: givenMs - 2000, ...USUAL }, part, 'PRODUCER_TIMESTAMP')),
    ).toEqual([true, true])
  })

  test('whose sound always reaches over the next key frame is whole also where a hole is closed', () => {
    const { part, playedMs } = listed(Array<number>(40).fill(2000), { gapsMs: [...Array<number>(20).fill(0), 10_000] })
    const lengthsMs = part.lengthsMs.map((lengthMs, index) => (index === 39 ? lengthMs : lengthMs + 80))
    for (const selector of ['PRODUCER_TIMESTAMP', 'SERVER_TIMESTAMP'] as const) {
      expect(isFootageMissing({ givenMs: playedMs, ...USUAL, leadMs: 100 }, { ...part, lengthsMs }, selector)).toBe(false)
    }
  })

  test('by server time is not measured by producers’ clocks that have nothing to do with each other', () => {
    const { part, playedMs } = listed([2000, 2000, 2000], { gapsMs: [0, 9_000_000] })
    expect(isFootageMissing({ givenMs: playedMs + 1500, ...USUAL }, part, 'SERVER_TIMESTAMP')).toBe(false)
    const reversed = { ...part, producerStartsMs: part.producerStartsMs.toReversed() }
    expect(isFootageMissing({ givenMs: playedMs, ...USUAL }, reversed, 'SERVER_TIMESTAMP')).toBe(false)
  })

  test('of one fragment, or of single frames, is whole', () => {
    expect(isFootageMissing({ givenMs: 40, ...USUAL }, listed([40]).part, 'PRODUCER_TIMESTAMP')).toBe(false)
    expect(isFootageMissing({ givenMs: 400, ...USUAL }, listed(Array(10).fill(40)).part, 'PRODUCER_TIMESTAMP')).toBe(false)
  })
})
