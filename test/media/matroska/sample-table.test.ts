import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { MalformedMedia } from '../../../src/media/malformed-media.js'
import { decodeSampleTable, EMPTY_SAMPLE_TABLE, encodeSampleTable } from '../../../src/media/matroska/sample-table.js'
import { demux, eventsOf } from '../../support/demux.js'
import { FIXTURES, readFixture } from '../../support/fixtures.js'

test.each(FIXTURES)('a table of %s comes back from its blob, at less than 10 bytes a frame', (name) => {
  for (const { samples } of eventsOf(demux(readFixture(name)), 'cluster-end')) {
    const blob = encodeSampleTable(samples)
    expect(decodeSampleTable(blob)).toEqual(samples)
    expect(blob.byteLength).toBeLessThan(10 * samples.count)
  }
})

test('a table without rows comes back', () => {
  expect(decodeSampleTable(encodeSampleTable(EMPTY_SAMPLE_TABLE))).toEqual(EMPTY_SAMPLE_TABLE)
})

test('a table with the largest and smallest numbers comes back', () => {
  const table = {
    count: 3,
    tracks: Uint8Array.of(0, 255, 1),
    offsets: Uint32Array.of(5, 6, 0xffffffff),
    sizes: Uint32Array.of(0, 0xfffffff0, 0),
    times: Int32Array.of(-(2 ** 31), 2 ** 31 - 1, -(2 ** 31)),
    keys: Uint8Array.of(1, 0, 1),
  }
  expect(decodeSampleTable(encodeSampleTable(table))).toEqual(table)
})

test('a blob cut off or of another version is refused', () => {
  const [end] = eventsOf(demux(readFixture('h264-only.mkv')), 'cluster-end')
  const blob = encodeSampleTable(end?.samples ?? EMPTY_SAMPLE_TABLE)
  for (let length = 0; length < blob.byteLength; length += 1) {
    expect(() => decodeSampleTable(blob.slice(0, length))).toThrow(MalformedMedia)
  }
  expect(() => decodeSampleTable(Uint8Array.of(2, 0))).toThrow('version 2')
})

test('noise is refused or read, never anything else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (noise) => {
      try {
        decodeSampleTable(Uint8Array.of(1, ...noise))
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedMedia)
      }
    }),
  )
})
