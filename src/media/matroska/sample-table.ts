import { MalformedMedia } from '../malformed-media.js'
import { VarintReader, VarintWriter } from './varint.js'

/**
 * The frames of one Cluster, in the order of the file: columns, one row a frame. Laced blocks give one row for each frame they hold.
 * Offsets count from the first byte of the Cluster element, so that the table is as good for the stored Cluster as for the upload.
 */
export interface SampleTable {
  readonly count: number
  /** TrackNumber of each frame. */
  readonly tracks: Uint8Array
  /** First byte of each frame's payload. */
  readonly offsets: Uint32Array
  readonly sizes: Uint32Array
  /** Milliseconds from the Cluster's Timestamp; negative is legal. */
  readonly times: Int32Array
  /** NOT_KEY, KEY or OPEN_GOP_KEY. */
  readonly keys: Uint8Array
}

export const NOT_KEY = 0
/** The block says that it is a key frame, and nothing else is known. */
export const KEY = 1
/**
 * The block says that it is a key frame, but it is an H.264 recovery point that is not an IDR picture: the I-frame of an open GOP.
 * Strict decoders (Chromium's) do not begin there, because later pictures name pictures from before it. Found by a FrameSink only.
 */
export const OPEN_GOP_KEY = 2

export const EMPTY_SAMPLE_TABLE: SampleTable = {
  count: 0,
  tracks: new Uint8Array(0),
  offsets: new Uint32Array(0),
  sizes: new Uint32Array(0),
  times: new Int32Array(0),
  keys: new Uint8Array(0),
}

const VERSION = 1
/** Rows take 5 to 8 bytes as cameras send them, 23 at most. */
const MAX_ROW_BYTES = 23

/**
 * The table as a compact blob for an index: a version, the count, then each row as variable-length integers. Offsets are stored as
 * distances from the end of the frame before, times as differences.
 */
export function encodeSampleTable(table: SampleTable): Uint8Array {
  const writer = new VarintWriter(10 + table.count * MAX_ROW_BYTES)
  writer.write(VERSION)
  writer.write(table.count)
  let end = 0
  let time = 0
  for (let row = 0; row < table.count; row += 1) {
    const offset = table.offsets[row] ?? 0
    const size = table.sizes[row] ?? 0
    const rowTime = table.times[row] ?? 0
    writer.write((table.tracks[row] ?? 0) * 2 + (table.keys[row] ?? 0))
    writer.write(offset - end)
    writer.write(size)
    writer.writeSigned(rowTime - time)
    end = offset + size
    time = rowTime
  }
  return writer.finish()
}

/** @throws MalformedMedia where the blob is not one of `encodeSampleTable`. */
export function decodeSampleTable(blob: Uint8Array): SampleTable {
  const reader = new VarintReader(blob)
  const version = reader.read()
  if (version !== VERSION) throw new MalformedMedia(`a sample table of version ${version}: expected ${VERSION}`, 0)
  const count = reader.read()
  // A row has at least four bytes, which bounds what is allocated for it.
  if (count * 4 > blob.byteLength) throw new MalformedMedia(`a sample table cut off: ${count} rows in ${blob.byteLength} bytes`, 0)
  const table = createSampleTable(count)
  let end = 0
  let time = 0
  for (let row = 0; row < count; row += 1) {
    const trackAndKey = reader.read()
    const offset = end + reader.read()
    const size = reader.read()
    time += reader.readSigned()
    table.tracks[row] = trackAndKey >>> 1
    table.keys[row] = trackAndKey & 1
    table.offsets[row] = offset
    table.sizes[row] = size
    table.times[row] = time
    end = offset + size
  }
  return table
}

function createSampleTable(count: number): SampleTable {
  return {
    count,
    tracks: new Uint8Array(count),
    offsets: new Uint32Array(count),
    sizes: new Uint32Array(count),
    times: new Int32Array(count),
    keys: new Uint8Array(count),
  }
}
