/**
 * The frames of one Cluster in the order of the file: columns with one row for each frame. A laced block has a row for each of its frames.
 * Offsets count from the first byte of the Cluster element, so the table is valid for the upload and for the stored Cluster.
 */
export interface SampleTable {
  readonly count: number
  /** TrackNumber of each frame. */
  readonly tracks: Uint8Array
  /** First byte of the payload of each frame. */
  readonly offsets: Uint32Array
  readonly sizes: Uint32Array
  /** Milliseconds from the Cluster's Timestamp. May be negative. */
  readonly times: Int32Array
  /** NOT_KEY, KEY or OPEN_GOP_KEY. */
  readonly keys: Uint8Array
}

export const NOT_KEY = 0
/** The block is flagged as a key frame. */
export const KEY = 1
/**
 * The block is flagged as a key frame, but its picture is an H.264 recovery point and not an IDR picture: the I-frame of an open GOP. Strict
 * decoders (Chromium's) do not start there, because later pictures refer to pictures before it. Only a FrameSink finds it.
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
