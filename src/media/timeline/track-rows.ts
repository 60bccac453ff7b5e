import type { SampleTable } from '../matroska/sample-table.js'
import type { MatroskaTrack } from '../matroska/track.js'
import type { Chunks, MovieTrack, TrackPiece } from '../mp4/movie.js'
import { rowAt, toShortest } from '../mp4/tables/columns.js'

/** A stored Cluster, as far as a movie needs it. */
export interface MovieFragment {
  readonly tracks: readonly MatroskaTrack[]
  readonly samples: SampleTable
  /** The upload that it came with. Within one, fragments are in order, however far their pictures are reordered. */
  readonly session?: number
  /** Producer time of the Cluster's Timestamp, in milliseconds. */
  readonly timestampMs: number
  /** Index of the source that has the Cluster, and the place of the Cluster in it. */
  readonly source: number
  readonly clusterOffset: number
  readonly clusterBytes: number
}

/** The frames of one track in all fragments, in the order of the bytes. */
export interface TrackRows {
  readonly count: number
  /** On the clock of the movie. */
  readonly timesMs: Float64Array
  readonly sizes: Uint32Array
  /** NOT_KEY, KEY or OPEN_GOP_KEY. */
  readonly keys: Uint8Array
  /** Index of the fragment, which is that of its span. */
  readonly spans: Uint32Array
  /** First byte of the payload, counted from the first byte of the span. */
  readonly offsets: Float64Array
}

/** A track whose samples have their times, before it is placed in the movie. */
export interface TimedTrack extends Pick<MovieTrack, 'timescale' | 'samples'> {
  readonly piece: TrackPiece
  /** When the first sample is shown, in milliseconds on the clock of the movie. */
  readonly startMs: number
  /** From the first sample shown to the end of the last, in milliseconds. */
  readonly durationMs: number
  /** Media time of the first sample shown, in ticks. */
  readonly mediaTime: number
}

/** `startsMs`: place of each fragment's Timestamp on the clock of the movie. */
export function gatherRows(fragments: readonly MovieFragment[], startsMs: Float64Array, track: number): TrackRows {
  const count = fragments.reduce((total, { samples }) => total + countFrames(samples, track), 0)
  const rows = {
    count,
    timesMs: new Float64Array(count),
    sizes: new Uint32Array(count),
    keys: new Uint8Array(count),
    spans: new Uint32Array(count),
    offsets: new Float64Array(count),
  }
  let at = 0
  for (const [span, { samples }] of fragments.entries()) {
    const startMs = rowAt(startsMs, span)
    for (let row = 0; row < samples.count; row += 1) {
      if (samples.tracks[row] !== track) continue
      rows.timesMs[at] = startMs + rowAt(samples.times, row)
      rows.sizes[at] = rowAt(samples.sizes, row)
      rows.keys[at] = rowAt(samples.keys, row)
      rows.spans[at] = span
      rows.offsets[at] = rowAt(samples.offsets, row)
      at += 1
    }
  }
  return rows
}

function countFrames({ tracks }: SampleTable, track: number): number {
  let count = 0
  for (const own of tracks) if (own === track) count += 1
  return count
}

/** Collects chunks. Samples that are contiguous in a span share one. */
export class ChunkBuilder {
  #count = 0
  #endSpan = -1
  #endOffset = 0
  #samples = 0
  readonly #spans: Uint32Array
  readonly #offsets: Float64Array
  readonly #sampleCounts: Uint32Array

  constructor(capacity: number) {
    this.#spans = new Uint32Array(capacity)
    this.#offsets = new Float64Array(capacity)
    this.#sampleCounts = new Uint32Array(capacity)
  }

  add(place: { readonly span: number; readonly offset: number }, samples: number, bytes: number): void {
    const isContiguous = place.span === this.#endSpan && place.offset === this.#endOffset
    if (!isContiguous) {
      this.#spans[this.#count] = place.span
      this.#offsets[this.#count] = place.offset
      this.#count += 1
      this.#samples = 0
    }
    this.#samples += samples
    this.#sampleCounts[this.#count - 1] = this.#samples
    this.#endSpan = place.span
    this.#endOffset = place.offset + bytes
  }

  build(): Chunks {
    const count = this.#count
    return {
      count,
      spans: toShortest(this.#spans.subarray(0, count)),
      offsets: this.#offsets.subarray(0, count),
      sampleCounts: toShortest(this.#sampleCounts.subarray(0, count)),
    }
  }
}

/** For tracks in which each frame is one sample. */
export function toChunks(rows: TrackRows): Chunks {
  const builder = new ChunkBuilder(rows.count)
  for (let row = 0; row < rows.count; row += 1) {
    const size = rowAt(rows.sizes, row)
    builder.add({ span: rowAt(rows.spans, row), offset: rowAt(rows.offsets, row) }, 1, size)
  }
  return builder.build()
}
