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

export const EMPTY_SAMPLE_TABLE: SampleTable = {
  count: 0,
  tracks: new Uint8Array(0),
  offsets: new Uint32Array(0),
  sizes: new Uint32Array(0),
  times: new Int32Array(0),
  keys: new Uint8Array(0),
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
  #tracks = new Uint8Array(FIRST_CAPACITY)
  #offsets = new Uint32Array(FIRST_CAPACITY)
  #sizes = new Uint32Array(FIRST_CAPACITY)
  #times = new Int32Array(FIRST_CAPACITY)
  #keys = new Uint8Array(FIRST_CAPACITY)

  add({ track, offset, size, time, isKey }: SampleRow): void {
    const row = this.count
    if (row === this.#tracks.length) this.#grow()
    this.#tracks[row] = track
    this.#offsets[row] = offset
    this.#sizes[row] = size
    this.#times[row] = time
    this.#earliest = row === 0 ? time : Math.min(this.#earliest, time)
    this.#latest = row === 0 ? time : Math.max(this.#latest, time)
    this.#keys[row] = isKey ? KEY : NOT_KEY
    this.count = row + 1
  }

  /** Ticks from the earliest frame so far to the latest. */
  get spanTicks(): number {
    return this.count === 0 ? 0 : this.#latest - this.#earliest
  }

  /** Sets the flags of a BlockGroup, whose references are known at its end. */
  setKeys(fromRow: number, isKey: boolean): void {
    this.#keys.fill(isKey ? KEY : NOT_KEY, fromRow, this.count)
  }

  /** Has no effect on frames that are not flagged as key frames. */
  markOpenGop(row: number): void {
    if (this.#keys[row] === KEY) this.#keys[row] = OPEN_GOP_KEY
  }

  /** Returns the table, with times converted by `toTime`, and resets the builder. */
  take(toTime: ((time: number) => number) | null): SampleTable {
    const table = this.peek(toTime)
    this.count = 0
    return table
  }

  /** The rows so far, each time passed through `toTime`. */
  peek(toTime: ((time: number) => number) | null): SampleTable {
    const { count } = this
    return {
      count,
      tracks: this.#tracks.slice(0, count),
      offsets: this.#offsets.slice(0, count),
      sizes: this.#sizes.slice(0, count),
      times: toTime ? this.#times.subarray(0, count).map(toTime) : this.#times.slice(0, count),
      keys: this.#keys.slice(0, count),
    }
  }

  #grow(): void {
    const capacity = this.#tracks.length * 2
    this.#tracks = grown(this.#tracks, new Uint8Array(capacity))
    this.#offsets = grown(this.#offsets, new Uint32Array(capacity))
    this.#sizes = grown(this.#sizes, new Uint32Array(capacity))
    this.#times = grown(this.#times, new Int32Array(capacity))
    this.#keys = grown(this.#keys, new Uint8Array(capacity))
  }
}

function grown<Column extends Uint8Array | Uint32Array | Int32Array>(column: Column, larger: Column): Column {
  larger.set(column)
  return larger
}
