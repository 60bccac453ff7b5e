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
  /** 1 where the block says that it is a key frame. */
  readonly keys: Uint8Array
}

export const EMPTY_SAMPLE_TABLE: SampleTable = {
  count: 0,
  tracks: new Uint8Array(0),
  offsets: new Uint32Array(0),
  sizes: new Uint32Array(0),
  times: new Int32Array(0),
  keys: new Uint8Array(0),
}
