import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { packSampleTable, readSampleTable } from '../../../src/kvs-server/archive/sample-table-blob.js'

const anyTable = fc
  .array(fc.tuple(fc.nat(0xffffffff), fc.nat(0xffffffff), fc.integer({ min: -0x80000000, max: 0x7fffffff }), fc.nat(127), fc.nat(1)))
  .map((rows) => ({
    count: rows.length,
    offsets: Uint32Array.from(rows, ([offset]) => offset),
    sizes: Uint32Array.from(rows, ([, size]) => size),
    times: Int32Array.from(rows, ([, , time]) => time),
    tracks: Uint8Array.from(rows, ([, , , track]) => track),
    keys: Uint8Array.from(rows, ([, , , , key]) => key),
  }))

/** A copy that starts `shift` bytes into its buffer. */
function shifted(bytes: Uint8Array, shift: number): Uint8Array {
  const copy = new Uint8Array(bytes.byteLength + shift)
  copy.set(bytes, shift)
  return copy.subarray(shift)
}

test('a sample table is read as it was packed, with or without a version, at any offset in its buffer', () => {
  fc.assert(
    fc.property(anyTable, fc.nat(3), (table, shift) => {
      const packed = packSampleTable(table)
      expect(packed[0]).toBe(1)
      expect(readSampleTable(shifted(packed, shift))).toEqual(table)
      expect(readSampleTable(shifted(packed.subarray(4), shift))).toEqual(table)
    }),
  )
})

test('refuses a table of a newer version, and bytes that are not a table', () => {
  expect(() => readSampleTable(Uint8Array.of(2, 0, 0, 0))).toThrow('sample table version 2; this version reads up to 1')
  expect(() => readSampleTable(Uint8Array.of(1, 0, 0, 0, 0))).toThrow('a sample table cannot have 5 bytes')
})
