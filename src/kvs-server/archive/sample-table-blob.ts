import type { SampleTable } from '../../media/matroska/sample-table.js'

const BYTES_PER_SAMPLE = 14

/** A sample table as bytes: columns behind each other, little-endian, 14 bytes a frame. */
export function packSampleTable(table: SampleTable): Uint8Array {
  const { count } = table
  const bytes = new Uint8Array(count * BYTES_PER_SAMPLE)
  const view = new DataView(bytes.buffer)
  for (let i = 0; i < count; i++) {
    view.setUint32(i * 4, table.offsets[i] ?? 0, true)
    view.setUint32((count + i) * 4, table.sizes[i] ?? 0, true)
    view.setInt32((2 * count + i) * 4, table.times[i] ?? 0, true)
  }
  bytes.set(table.tracks.subarray(0, count), count * 12)
  bytes.set(table.keys.subarray(0, count), count * 13)
  return bytes
}

export function readSampleTable(bytes: Uint8Array): SampleTable {
  const count = bytes.byteLength / BYTES_PER_SAMPLE
  if (!Number.isInteger(count)) throw new Error(`a sample table of ${bytes.byteLength} bytes is not one`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const offsets = new Uint32Array(count)
  const sizes = new Uint32Array(count)
  const times = new Int32Array(count)
  for (let i = 0; i < count; i++) {
    offsets[i] = view.getUint32(i * 4, true)
    sizes[i] = view.getUint32((count + i) * 4, true)
    times[i] = view.getInt32((2 * count + i) * 4, true)
  }
  return { count, offsets, sizes, times, tracks: bytes.subarray(count * 12, count * 13), keys: bytes.subarray(count * 13) }
}
