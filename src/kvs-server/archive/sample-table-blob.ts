import type { SampleTable } from '../../media/matroska/sample-table.js'
import { ArchiveError } from './archive-error.js'

const BYTES_PER_SAMPLE = 14
const VERSION = 1
/** The version, and zeros: the columns of 4 bytes stay at multiples of 4. */
const HEAD_BYTES = 4

/**
 * A sample table as bytes: a version, then one column after the other, 14 bytes per frame. Numbers are in native byte order, so a stored
 * table needs no decoding: a clip of 200 fragments reads 200 tables before its first byte.
 */
export function packSampleTable(table: SampleTable): Uint8Array {
  const { count } = table
  const bytes = new Uint8Array(HEAD_BYTES + count * BYTES_PER_SAMPLE)
  bytes[0] = VERSION
  const columns = columnsOf(bytes.subarray(HEAD_BYTES), count)
  columns.offsets.set(table.offsets.subarray(0, count))
  columns.sizes.set(table.sizes.subarray(0, count))
  columns.times.set(table.times.subarray(0, count))
  columns.tracks.set(table.tracks.subarray(0, count))
  columns.keys.set(table.keys.subarray(0, count))
  return bytes
}

/** @throws ArchiveError where a newer version of the program wrote the table. */
export function readSampleTable(bytes: Uint8Array): SampleTable {
  const columns = bytes.subarray(headBytesOf(bytes))
  // Columns of 4 bytes must stand at multiples of 4.
  return columnsOf(columns.byteOffset % 4 === 0 ? columns : columns.slice(), columns.byteLength / BYTES_PER_SAMPLE)
}

/** Tables of before the first version have no head. The length tells them apart: 4 is not a multiple of 14. */
function headBytesOf({ byteLength, 0: version }: Uint8Array): number {
  if (byteLength % BYTES_PER_SAMPLE === 0) return 0
  if (version === VERSION && byteLength % BYTES_PER_SAMPLE === HEAD_BYTES) return HEAD_BYTES
  if (version === undefined || version <= VERSION) throw new Error(`a sample table cannot have ${byteLength} bytes`)
  const text = `A newer version of clipgate wrote this archive (sample table version ${version}; this version reads up to ${VERSION}). Install that version of clipgate.`
  throw new ArchiveError('TOO_NEW', text)
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
