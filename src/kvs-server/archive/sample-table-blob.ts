import type { SampleTable } from '../../media/matroska/sample-table.js'

const BYTES_PER_SAMPLE = 14

/**
 * A sample table as bytes: its columns behind each other, 14 bytes a frame. Numbers are in the machine's own byte order, so that a stored
 * table is its columns without a step between: a clip of 200 fragments opens 200 of them before its first byte.
 */
export function packSampleTable(table: SampleTable): Uint8Array {
  const { count } = table
  const bytes = new Uint8Array(count * BYTES_PER_SAMPLE)
  const columns = columnsOf(bytes, count)
  columns.offsets.set(table.offsets.subarray(0, count))
  columns.sizes.set(table.sizes.subarray(0, count))
  columns.times.set(table.times.subarray(0, count))
  columns.tracks.set(table.tracks.subarray(0, count))
  columns.keys.set(table.keys.subarray(0, count))
  return bytes
}

export function readSampleTable(bytes: Uint8Array): SampleTable {
  const count = bytes.byteLength / BYTES_PER_SAMPLE
  if (!Number.isInteger(count)) throw new Error(`a sample table of ${bytes.byteLength} bytes is not one`)
  // Columns of 4 bytes must stand at multiples of 4.
  return columnsOf(bytes.byteOffset % 4 === 0 ? bytes : bytes.slice(), count)
}

function columnsOf({ buffer, byteOffset }: Uint8Array, count: number): SampleTable {
  return {
    count,
    offsets: new Uint32Array(buffer, byteOffset, count),
    sizes: new Uint32Array(buffer, byteOffset + count * 4, count),
    times: new Int32Array(buffer, byteOffset + count * 8, count),
    tracks: new Uint8Array(buffer, byteOffset + count * 12, count),
    keys: new Uint8Array(buffer, byteOffset + count * 13, count),
  }
}
