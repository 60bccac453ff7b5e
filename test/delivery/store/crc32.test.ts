import { crc32 as crc32OfZlib } from 'node:zlib'
import { expect, test } from '@jest/globals'
import { crc32 as crc32OfNodeRs } from '@node-rs/crc32'
import fc from 'fast-check'
import { crc32 } from '../../../src/delivery/store/crc32.js'

test('it is the one of the package, where that has a build for the platform', () => {
  expect(crc32).toBe(crc32OfNodeRs)
})

test("it says what Node's own says, of bytes in one piece and in several", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 4 }), (pieces) => {
      const whole = Buffer.concat(pieces)
      expect(crc32(whole)).toBe(crc32OfZlib(whole))
      expect(pieces.reduce((before, piece) => crc32(piece, before), 0)).toBe(crc32OfZlib(whole))
      expect(crc32(whole.subarray(1))).toBe(crc32OfZlib(whole.subarray(1)))
    }),
  )
})
