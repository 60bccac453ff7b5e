import { randomBytes } from 'node:crypto'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { readSpans } from '../../../src/kvs-server/hls/span-reader.js'
import type { Slice } from '../../../src/media/mp4/slices.js'

const MIB = 1_048_576
const file = randomBytes(3 * MIB + 17)

let open = 0
const openFile = async () => {
  open += 1
  return {
    read: async (into: Uint8Array, position: number) => file.copy(into, 0, position, position + into.byteLength),
    close: async () => {
      open -= 1
    },
  }
}

async function read(slices: readonly Slice[]): Promise<Buffer> {
  const parts: Buffer[] = []
  // Chunks are reused, so each has to be copied at once.
  for await (const part of readSpans(slices, openFile)) parts.push(Buffer.from(part))
  return Buffer.concat(parts)
}

const span = (offset: number, length: number): Slice => ({ kind: 'source', source: 0, offset, length })

test('returns the pieces without the bytes between them, at any read boundaries', async () => {
  const cuts = fc.uniqueArray(fc.integer({ min: 0, max: file.length }), { minLength: 2, maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(cuts, async (positions) => {
      const sorted = positions.toSorted((a, b) => a - b)
      const spans = sorted.flatMap((start, index) =>
        index % 2 === 0 && index + 1 < sorted.length ? [{ start, end: sorted[index + 1] ?? 0 }] : [],
      )
      const head = Uint8Array.of(1, 2, 3)
      const got = await read([{ kind: 'bytes', bytes: head }, ...spans.map(({ start, end }) => span(start, end - start))])
      expect(got.equals(Buffer.concat([head, ...spans.map(({ start, end }) => file.subarray(start, end))]))).toBe(true)
    }),
    { numRuns: 40 },
  )
  expect(open).toBe(0)
})

test.each([
  ['that ends where a read does', [span(0, MIB), span(MIB, 5)]],
  ['that begins where a read ends', [span(5, 10), span(MIB + 5, 10)]],
  ['longer than a read', [span(3, 2 * MIB + 9)]],
])('returns a piece %s', async (_, slices) => {
  const wanted = slices.map((slice) => (slice.kind === 'source' ? file.subarray(slice.offset, slice.offset + slice.length) : slice.bytes))
  expect((await read(slices)).equals(Buffer.concat(wanted))).toBe(true)
})

test('fails when the file ends early, and closes it', async () => {
  await expect(read([span(file.length - 5, 10)])).rejects.toThrow("a fragment's file ends early")
  expect(open).toBe(0)
})

test('closes the file when its reader leaves', async () => {
  for await (const part of readSpans([span(0, 2 * MIB)], openFile)) {
    expect(part.byteLength).toBe(MIB)
    break
  }
  expect(open).toBe(0)
})
