import { randomBytes } from 'node:crypto'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { readSlices } from '../../../src/kvs-server/clip/slice-reader.js'
import type { Slice } from '../../../src/media/mp4/slices.js'

const MIB = 1_048_576
const file = randomBytes(3 * MIB + 17)

let open = 0
let reads = 0
const openFile = async () => {
  open += 1
  return {
    read: async (into: Uint8Array, position: number) => {
      reads += 1
      return file.copy(into, 0, position, position + into.byteLength)
    },
    close: async () => {
      open -= 1
    },
  }
}

/** The bytes of each chunk. Chunks are reused, so each is copied at once. */
async function read(slices: readonly Slice[]): Promise<Buffer[]> {
  const parts: Buffer[] = []
  reads = 0
  for await (const part of readSlices(slices, openFile)) parts.push(Buffer.from(part))
  return parts
}

const span = (offset: number, length: number): Slice => ({ kind: 'source', source: 0, offset, length })

test('returns the bytes of all slices in order, for slices of any length', async () => {
  const length = fc.oneof(fc.integer({ min: 0, max: 2000 }), fc.integer({ min: 0, max: 2 * MIB }), fc.constantFrom(MIB / 2, MIB, MIB + 1))
  const slice = fc.oneof(
    fc.record({ kind: fc.constant('bytes' as const), bytes: fc.uint8Array({ maxLength: 3000 }) }),
    fc.tuple(fc.integer({ min: 0, max: MIB }), length).map(([offset, count]) => span(offset, count)),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(slice, { maxLength: 40 }), async (slices) => {
      const wanted = slices.map((each) => (each.kind === 'bytes' ? each.bytes : file.subarray(each.offset, each.offset + each.length)))
      const parts = await read(slices)
      expect(parts.every(({ byteLength }) => byteLength > 0 && byteLength <= MIB)).toBe(true)
      expect(Buffer.concat(parts).equals(Buffer.concat(wanted))).toBe(true)
    }),
    { numRuns: 40 },
  )
  expect(open).toBe(0)
})

test('reads a fragment that fits into a buffer at once, and a longer one in as few reads as its buffers allow', async () => {
  const small = Array.from({ length: 9 }, (_, index) => span(index, 500_000))
  expect((await read(small)).map(({ byteLength }) => byteLength)).toEqual([1_000_000, 1_000_000, 1_000_000, 1_000_000, 500_000])
  expect(reads).toBe(9)
  await read([span(0, 1_900_000), span(1, 1_900_000), span(2, 1_900_000)])
  expect(reads).toBe(6)
})

test('fails when a file ends early, and closes it', async () => {
  await expect(read([span(0, 10), span(file.length - 5, 10)])).rejects.toThrow("a fragment's file ends 5 bytes early")
  expect(open).toBe(0)
})
