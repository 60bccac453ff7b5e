import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { toPicture } from '../../../src/media/codec/picture.js'
import { videoOf } from '../../support/matroska-track.js'

const SPS = { width: 1920, height: 1080, pixelAspect: null, colour: null }
const latin = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1')

function wordsOf(boxes: Uint8Array, type: string): number[] | null {
  const at = latin(boxes).indexOf(type)
  if (at < 0) return null
  const [view, end] = [
    new DataView(boxes.buffer, boxes.byteOffset),
    at - 4 + new DataView(boxes.buffer, boxes.byteOffset).getUint32(at - 4),
  ]
  const words: number[] = []
  for (let word = at + 4; word + 4 <= end; word += 4) words.push(view.getInt32(word))
  return words
}

const aspectOf = (...parameters: Parameters<typeof toPicture>) => wordsOf(toPicture(...parameters).boxes, 'pasp')

describe('the size', () => {
  test('comes from the SPS, regardless of the container', () => {
    expect(toPicture(videoOf(640, 480), SPS)).toMatchObject({ width: 1920, height: 1080, shown: { width: 1920, height: 1080 } })
    expect(toPicture(null, SPS)).toMatchObject({ width: 1920, height: 1080 })
  })

  test('comes from the container when the SPS cannot be read', () => {
    expect(toPicture(videoOf(640, 480), null)).toMatchObject({ width: 640, height: 480, shown: { width: 640, height: 480 } })
    expect(toPicture(null, null)).toMatchObject({ width: 0, height: 0, matrix: null, boxes: new Uint8Array(0) })
  })
})

describe('the shape of a pixel', () => {
  test('is not written when neither source has it', () => {
    expect(aspectOf(videoOf(1920, 1080), SPS)).toBeNull()
  })

  test('comes from the SPS when the container has none, and otherwise from the container', () => {
    const wide = { ...SPS, pixelAspect: { width: 4, height: 3 } }
    expect(aspectOf(videoOf(1920, 1080), wide)).toEqual([4, 3])
    expect(toPicture(videoOf(1920, 1080), wide).shown).toEqual({ width: 2560, height: 1080 })
    expect(aspectOf(videoOf(1920, 1080, { display: { width: 1920, height: 1080, unit: 0 } }), wide)).toEqual([1, 1])
    expect(aspectOf(videoOf(1920, 1080, { display: { width: 16, height: 9, unit: 4 } }), wide)).toEqual([4, 3])
  })

  test.each([
    ['pixels', 0, 2560, 1080, [4, 3]],
    ['centimetres', 1, 64, 27, [4, 3]],
    ['inches', 2, 64, 27, [4, 3]],
    ['an aspect ratio', 3, 4, 3, [3, 4]],
  ])('is derived from a display size in %s', (_, unit, width, height, expected) => {
    expect(aspectOf(videoOf(1920, 1080, { display: { width, height, unit } }), SPS)).toEqual(expected)
  })

  test('is square when the display size corrects an uncropped pixel size', () => {
    expect(aspectOf(videoOf(1920, 1088, { display: { width: 1920, height: 1080, unit: 0 } }), SPS)).toEqual([1, 1])
  })

  test.each([
    ['nothing', 0, 0],
    ['more than can be shown', 65_535, 1],
    ['numbers out of all proportion', 2 ** 40, 2 ** 40],
  ])('is unchanged when the display size is %s', (_, width, height) => {
    const { boxes, shown } = toPicture(videoOf(1920, 1080, { display: { width, height, unit: 3 } }), SPS)
    expect(wordsOf(boxes, 'pasp')).toBeNull()
    expect(shown).toEqual({ width: 1920, height: 1080 })
  })
})

describe('the crop of the container', () => {
  const crop = { left: 10, right: 20, top: 0, bottom: 8 }

  test('becomes a clean aperture whose size is the display size', () => {
    const { boxes, shown } = toPicture(videoOf(1920, 1080, { crop }), SPS)
    expect(wordsOf(boxes, 'clap')).toEqual([1890, 1, 1072, 1, -10, 2, -8, 2])
    expect([wordsOf(boxes, 'pasp'), shown]).toEqual([[1, 1], { width: 1890, height: 1072 }])
  })

  test('is ignored when the SPS already applies it, or when nothing would remain', () => {
    expect(toPicture(videoOf(1920, 1088, { crop: { ...crop, left: 0, right: 0 } }), SPS).boxes.byteLength).toBe(0)
    expect(toPicture(videoOf(1920, 1080, { crop: { ...crop, left: 1900 } }), SPS).boxes.byteLength).toBe(0)
  })
})

describe('the colour', () => {
  const colour = { primaries: 9, transfer: 2, matrix: 2, range: 0 }

  test('comes from the container, and from the SPS when the container has none', () => {
    const coded = { primaries: 1, transfer: 16, matrix: 2, isFullRange: true }
    const { boxes } = toPicture(videoOf(1920, 1080, { colour }), { ...SPS, colour: coded })
    expect(Buffer.from(boxes).subarray(4).toString('hex')).toBe(`${Buffer.from('colrnclx').toString('hex')}00090010000280`)
  })

  test('is not written when the container adds nothing', () => {
    expect(toPicture(videoOf(1920, 1080, { colour: { ...colour, primaries: 2 } }), SPS).boxes.byteLength).toBe(0)
  })
})

test('any track yields boxes with valid sizes', () => {
  const any = fc.oneof(fc.integer({ min: 0, max: 5000 }), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }))
  const side = fc.option(any, { nil: null })
  const video = fc.record({
    width: any,
    height: any,
    crop: fc.record({ left: any, right: any, top: any, bottom: any }),
    display: fc.record({ width: side, height: side, unit: fc.integer({ min: 0, max: 6 }) }),
    rollDegrees: fc.double({ noNaN: true, noDefaultInfinity: true }),
    colour: fc.option(fc.record({ primaries: any, transfer: any, matrix: any, range: any }), { nil: null }),
  })
  const sps = fc.option(fc.constantFrom(SPS, { ...SPS, width: 1, height: 65_535, pixelAspect: { width: 65_535, height: 1 } }), {
    nil: null,
  })
  fc.assert(
    fc.property(video, sps, (said, coded) => {
      const { width, height, shown, matrix } = toPicture(said, coded)
      for (const length of [width, height, shown.width, shown.height]) {
        expect(length).toBeGreaterThanOrEqual(0)
        expect(length).toBeLessThanOrEqual(0xffff)
      }
      for (const word of matrix ?? []) expect(Number.isInteger(word)).toBe(true)
    }),
    { numRuns: 2000 },
  )
})
