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
 * The block is flagged as a key frame, but its picture is an H.264 recovery point and not an IDR picture: the I-frame of an open GOP.
 * Strict decoders (Chromium's) do not start there, because later pictures refer to pictures before it. Only a FrameSink finds it.
 */
export const OPEN_GOP_KEY = 2

/** A table of `count` rows, all 0. */
export function createSampleTable(count: number): SampleTable {
  return {
    count,
    tracks: new Uint8Array(count),
    offsets: new Uint32Array(count),
    sizes: new Uint32Array(count),
    times: new Int32Array(count),
    keys: new Uint8Array(count),
  }
}

export const EMPTY_SAMPLE_TABLE = createSampleTable(0)

/** Copies the first rows, as many as both tables have. */
export function copyRows(from: SampleTable, into: SampleTable): void {
  into.tracks.set(from.tracks.subarray(0, into.count))
  into.offsets.set(from.offsets.subarray(0, into.count))
  into.sizes.set(from.sizes.subarray(0, into.count))
  into.times.set(from.times.subarray(0, into.count))
  into.keys.set(from.keys.subarray(0, into.count))
}

const FIRST_CAPACITY = 256

export interface SampleRow {
  readonly track: number
  readonly offset: number
  readonly size: number
  readonly time: number
  readonly isKey: boolean
}

/** Collects the rows of one Cluster after another. Its columns are reused; the returned tables are copies. */
export class SampleTableBuilder {
  count = 0
  #earliest = 0
  #latest = 0
  #rows = createSampleTable(FIRST_CAPACITY)

  add({ track, offset, size, time, isKey }: SampleRow): void {
    const row = this.count
    if (row === this.#rows.count) this.#grow()
    const { tracks, offsets, sizes, times, keys } = this.#rows
    tracks[row] = track
    offsets[row] = offset
    sizes[row] = size
    times[row] = time
    keys[row] = isKey ? KEY : NOT_KEY
    this.#earliest = row === 0 ? time : Math.min(this.#earliest, time)
    this.#latest = row === 0 ? time : Math.max(this.#latest, time)
    this.count = row + 1
  }

  /** Ticks from the earliest frame so far to the latest. */
  get spanTicks(): number {
    return this.count === 0 ? 0 : this.#latest - this.#earliest
  }

  /** Sets the flags of a BlockGroup, whose references are known at its end. */
  setKeys(fromRow: number, isKey: boolean): void {
    this.#rows.keys.fill(isKey ? KEY : NOT_KEY, fromRow, this.count)
  }

  /** Has no effect on frames that are not flagged as key frames. */
  markOpenGop(row: number): void {
    if (this.#rows.keys[row] === KEY) this.#rows.keys[row] = OPEN_GOP_KEY
  }

  /** Returns the table, with times converted by `toTime`, and resets the builder. */
  take(toTime: ((time: number) => number) | null): SampleTable {
    const table = this.peek(toTime)
    this.count = 0
    return table
  }

  /** The rows so far, each time passed through `toTime`. */
  peek(toTime: ((time: number) => number) | null): SampleTable {
    const table = createSampleTable(this.count)
    copyRows(this.#rows, table)
    return toTime === null ? table : { ...table, times: table.times.map(toTime) }
  }

  #grow(): void {
    const larger = createSampleTable(this.#rows.count * 2)
    copyRows(this.#rows, larger)
    this.#rows = larger
  }
}
