import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { readH264Sps } from '../../../src/media/codec/h264-sps.js'
import { readH265Sps } from '../../../src/media/codec/h265-sps.js'
import type { Sps } from '../../../src/media/codec/sps.js'
import { MalformedMedia } from '../../../src/media/malformed-media.js'
import { BitWriter, toNal } from '../../support/bit-writer.js'

const UNSPECIFIED = { primaries: 2, transfer: 2, matrix: 2 }
const square = { width: 1, height: 1 }

/** Parameter sets that x264 and x265 wrote, with the values that ffprobe reports for them. */
const H264: readonly [string, string, Sps][] = [
  ['Baseline, cropped', '6742c028da01e0089f97011000000300100000030320f1832a', sps(1920, 1080)],
  ['High, of sides that no macroblock fits', '6764000aacd94727889b011000000300100000030320f1225960', sps(98, 54)],
  ['160 by 120', '67640028acd942847e5c0440000003004000000f03c60c6580', sps(160, 120, { frameRate: 30 })],
  ['interlaced', '6764001eacd940b424dff8008000788000000300800000190f8a14cb', sps(720, 576, { pixelAspect: { width: 16, height: 15 } })],
  ['interlaced and cropped', '67640028acd94078044fde0220000003002000000643e2c5b2c0', sps(1920, 1080)],
  ['4:2:2 of 10 bits', '677a001fb6cd9405005bfbc044000003000400000300c83c60c658', sps(1280, 718)],
  ['4:4:4', '67f4000a919b28e4f1f1b808800000030080000019078912cb', sps(98, 52)],
  ['monochrome', '6764000af3651c9e3e37016c800000030080000019078912cb', sps(98, 52, { colour: { ...UNSPECIFIED, isFullRange: true } })],
  ['scaling lists', '6764001eacd940a02ff97011000003000100000300320f162d96', sps(640, 360)],
  ['twelve scaling lists', '67f4001e919b281405ff1380880000030008000003019078b16cb0', sps(640, 360)],
  [
    'colour',
    '6764001eacd940a02ff97016e12201280000030008000003019078b16cb0',
    sps(640, 360, { colour: { primaries: 9, transfer: 16, matrix: 9, isFullRange: true } }),
  ],
  [
    'an aspect ratio of its own',
    '6764001eacd940a02ff97ff0063004a1000003000100000300320f162d96',
    sps(640, 360, { pixelAspect: { width: 99, height: 74 } }),
  ],
]

const LIMITED = { ...UNSPECIFIED, isFullRange: false }
const H265: readonly [string, string, Sps][] = [
  ['Main', '420101016000000300900000030000030078a003c08010e596566924caf0168080000003008000000c84', sps(1920, 1080, { colour: LIMITED })],
  [
    'Main 10, cropped',
    '42010102200000030090000003000003001ea034839c94d96566b932bc05a02000000300200000030321',
    sps(98, 54, { colour: LIMITED }),
  ],
  [
    '4:2:2 of 10 bits',
    '4201010408000003009d0800000300005db00280802d1f6d96566924caf0168080000003008000000c84',
    sps(1280, 718, { colour: LIMITED }),
  ],
  ['4:4:4', '4201010408000003009e0800000300001e900690739e5cb2b35c995e02d0100000030010000003019080', sps(98, 52, { colour: LIMITED })],
  [
    'monochrome',
    '4201010408000003009fc800000300001ec0d20e73de5959ae4caf016c08000003000800000300c840',
    sps(98, 54, { colour: { ...UNSPECIFIED, isFullRange: true } }),
  ],
  [
    'temporal layers',
    '42010101600000030090000003000003003fa00502016965959a4932bc0da02000000300200000030321',
    sps(640, 360, { pixelAspect: { width: 10, height: 11 }, colour: LIMITED }),
  ],
  [
    'colour, an aspect ratio of its own and 29.97 frames a second',
    '42010101600000030090000003000003003fa00502016965959a49395ffe00c60094dc0404041000003e900007530080',
    sps(640, 360, {
      pixelAspect: { width: 99, height: 74 },
      colour: { primaries: 1, transfer: 1, matrix: 1, isFullRange: true },
      frameRate: 30_000 / 1001,
    }),
  ],
]

function sps(width: number, height: number, more: Partial<Sps> = {}): Sps {
  return { width, height, pixelAspect: square, colour: null, frameRate: 25, ...more }
}

const hex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'))

describe('the coded picture', () => {
  test.each(H264)('in H.264: %s', (_, bytes, expected) => {
    expect(readH264Sps(hex(bytes))).toEqual(expected)
  })

  test.each(H265)('in H.265: %s', (_, bytes, expected) => {
    expect(readH265Sps(hex(bytes))).toEqual(expected)
  })
})

describe('a parameter set that ends early', () => {
  test.each([...H264.map((row) => ['H.264', ...row] as const), ...H265.map((row) => ['H.265', ...row] as const)])(
    'yields its size or an error, never a different size (%s, %s)',
    (codec, _, bytes, expected) => {
      const read = codec === 'H.264' ? readH264Sps : readH265Sps
      const whole = hex(bytes)
      for (let length = 0; length < whole.byteLength; length += 1) {
        const { width, height } = orNull(read, whole.subarray(0, length)) ?? expected
        expect([width, height]).toEqual([expected.width, expected.height])
      }
    },
  )
})

test('any bytes in a parameter set yield a size that fits in a sample entry', () => {
  fc.assert(
    fc.property(fc.constantFrom(readH264Sps, readH265Sps), fc.uint8Array({ maxLength: 200 }), (read, bytes) => {
      const found = orNull(read, bytes)
      if (found === null) return
      expect(Math.min(found.width, found.height)).toBeGreaterThan(0)
      expect(Math.max(found.width, found.height)).toBeLessThanOrEqual(0xffff)
    }),
    { numRuns: 5000 },
  )
})

test('a set that consists only of long codes is refused quickly', () => {
  expect(orNull(readH265Sps, new Uint8Array(65_535))).toBeNull()
  expect(orNull(readH264Sps, new Uint8Array(65_535))).toBeNull()
})

/** Crop units by chroma format. 4 means separately coded planes. */
const UNITS = [
  { x: 1, y: 1 },
  { x: 2, y: 2 },
  { x: 2, y: 1 },
  { x: 1, y: 1 },
  { x: 1, y: 1 },
] as const

const side = fc.integer({ min: 4, max: 200 })
const offset = fc.integer({ min: 0, max: 3 })
const anySps = fc.record({
  columns: side,
  rows: side,
  chroma: fc.integer({ min: 0, max: 4 }),
  isInterlaced: fc.boolean(),
  orderType: fc.integer({ min: 0, max: 2 }),
  lists: fc.boolean(),
  crop: fc.option(fc.tuple(offset, offset, offset, offset), { nil: null }),
  aspect: fc.option(fc.tuple(fc.integer({ min: 1, max: 0xffff }), fc.integer({ min: 1, max: 0xffff })), { nil: null }),
})
type AnySps = typeof anySps extends fc.Arbitrary<infer Value> ? Value : never

function writeH264({ columns, rows, chroma, isInterlaced, orderType, lists, crop, aspect }: AnySps): Uint8Array {
  const bits = new BitWriter().u(8, 244).u(16, 0x00_28).ue(0).ue(Math.min(chroma, 3))
  if (chroma >= 3) bits.u(1, chroma === 4 ? 1 : 0)
  bits
    .ue(0)
    .ue(0)
    .u(1, 0)
    .u(1, lists ? 1 : 0)
  if (lists) for (let list = 0; list < (chroma >= 3 ? 12 : 8); list += 1) writeList(bits, list)
  bits.ue(0).ue(orderType)
  if (orderType === 0) bits.ue(2)
  if (orderType === 1) bits.u(1, 0).se(-3).se(2).ue(2).se(-1).se(1)
  bits
    .ue(4)
    .u(1, 0)
    .ue(columns - 1)
    .ue(rows - 1)
    .u(1, isInterlaced ? 0 : 1)
  bits.u(isInterlaced ? 2 : 1, 0).u(1, crop === null ? 0 : 1)
  for (const edge of crop ?? []) bits.ue(edge)
  bits.u(1, aspect === null ? 0 : 1)
  if (aspect !== null) bits.u(1, 1).u(8, 255).u(16, aspect[0]).u(16, aspect[1]).u(4, 0)
  return toNal([0x67], bits)
}

/** One list in three is present. Every other list of those ends early, with a scale of 0. */
function writeList(bits: BitWriter, list: number): void {
  bits.u(1, list % 3 === 0 ? 1 : 0)
  if (list % 3 !== 0) return
  if (list % 2 === 0) bits.se(-8)
  else for (let index = 0; index < (list < 6 ? 16 : 64); index += 1) bits.se(index === 0 ? 4 : index % 2)
}

function writeH265({ columns, rows, chroma, orderType, lists, crop, aspect }: AnySps): Uint8Array {
  const layers = orderType
  const bits = new BitWriter().u(4, 0).u(3, layers).u(1, 1).u(32, 0x0160_0000).u(32, 0).u(32, 0x5d)
  for (let layer = 0; layer < layers; layer += 1) bits.u(2, layer === 0 ? 3 : 1)
  if (layers > 0) bits.u(2 * (8 - layers), 0)
  for (let layer = 0; layer < layers; layer += 1)
    bits
      .u(layer === 0 ? 32 : 0, 0)
      .u(layer === 0 ? 32 : 0, 0)
      .u(layer === 0 ? 24 : 0, 0)
      .u(8, 93)
  bits.ue(0).ue(Math.min(chroma, 3))
  if (chroma >= 3) bits.u(1, chroma === 4 ? 1 : 0)
  bits
    .ue(16 * columns)
    .ue(16 * rows)
    .u(1, crop === null ? 0 : 1)
  for (const edge of crop ?? []) bits.ue(edge)
  bits.ue(0).ue(0).ue(4).u(1, 1)
  for (let layer = 0; layer <= layers; layer += 1) bits.ue(4).ue(2).ue(0)
  bits.ue(0).ue(3).ue(0).ue(3).ue(1).ue(1)
  bits.u(1, lists ? 1 : 0)
  if (lists) writeLists(bits.u(1, 1))
  // amp and sao, then PCM with its sizes.
  bits.u(2, 3).u(1, 1).u(8, 0x77).ue(0).ue(2).u(1, 0)
  // Four sets of reference pictures: a plain set, one predicted from it, another plain set, and one predicted from that.
  bits.ue(4).ue(2).ue(1).ue(0).u(1, 1).ue(1).u(1, 1).ue(0).u(1, 1)
  bits.u(1, 1).u(1, 0).ue(0).u(1, 1).u(2, 1).u(1, 1).u(2, 0)
  bits.u(1, 0).ue(1).ue(0).ue(0).u(1, 1)
  bits.u(1, 1).u(1, 1).ue(2).u(1, 1).u(2, 1)
  // Two long-term pictures of 8 bits and a flag, then two more flags.
  bits.u(1, 1).ue(2).u(9, 5).u(9, 6).u(2, 0)
  bits.u(1, aspect === null ? 0 : 1)
  if (aspect !== null) bits.u(1, 1).u(8, 255).u(16, aspect[0]).u(16, aspect[1]).u(3, 0).u(3, 0).u(2, 0)
  return toNal([0x42, 0x01], bits)
}

function writeLists(bits: BitWriter): void {
  for (let sizeId = 0; sizeId < 4; sizeId += 1) {
    for (let matrix = 0; matrix < 6; matrix += sizeId === 3 ? 3 : 1) {
      bits.u(1, matrix % 2)
      if (matrix % 2 === 0) bits.ue(0)
      else for (let left = Math.min(64, 16 << (2 * sizeId)) + (sizeId > 1 ? 1 : 0); left > 0; left -= 1) bits.se(left % 3)
    }
  }
}

function expectedOf({ columns, rows, chroma, crop, aspect }: AnySps, rowsPerUnit: number): Partial<Sps> {
  const unit = UNITS[chroma] ?? { x: 1, y: 1 }
  const [left, right, top, bottom] = crop ?? [0, 0, 0, 0]
  return {
    width: 16 * columns - unit.x * (left + right),
    height: 16 * rows * rowsPerUnit - unit.y * rowsPerUnit * (top + bottom),
    pixelAspect: aspect && { width: aspect[0], height: aspect[1] },
  }
}

describe('every valid way to write a picture is read', () => {
  test('in H.264', () => {
    fc.assert(
      fc.property(anySps, (subject) => {
        expect(readH264Sps(writeH264(subject))).toMatchObject(expectedOf(subject, subject.isInterlaced ? 2 : 1))
      }),
      { numRuns: 1000 },
    )
  })

  test('in H.265', () => {
    fc.assert(
      fc.property(anySps, (subject) => {
        expect(readH265Sps(writeH265(subject))).toMatchObject(expectedOf(subject, 1))
      }),
      { numRuns: 1000 },
    )
  })
})

function orNull(read: (nal: Uint8Array) => Sps, bytes: Uint8Array): Sps | null {
  try {
    return read(bytes)
  } catch (error) {
    if (error instanceof MalformedMedia) return null
    throw error
  }
}
