import type { ChunkColumns } from '../mp4/movie.js'
import type { MovieFragment } from './movie-fragment.js'

/** The frames of one track through all fragments, in the order of the bytes. */
export interface TrackRows {
  readonly count: number
  /** On the movie's clock. */
  readonly timesMs: Float64Array
  readonly sizes: Uint32Array
  readonly keys: Uint8Array
  /** Index of the fragment, which is that of its span. */
  readonly spans: Uint32Array
  /** First byte of the payload, from the first byte of the span. */
  readonly offsets: Float64Array
}

export function gatherRows(fragments: readonly MovieFragment[], starts: Float64Array, track: number): TrackRows {
  const count = fragments.reduce((total, { samples }) => total + countOf(samples.tracks, track), 0)
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
    const start = starts[span] ?? 0
    for (let row = 0; row < samples.count; row += 1) {
      if (samples.tracks[row] !== track) continue
      rows.timesMs[at] = start + (samples.times[row] ?? 0)
      rows.sizes[at] = samples.sizes[row] ?? 0
      rows.keys[at] = samples.keys[row] ?? 0
      rows.spans[at] = span
      rows.offsets[at] = samples.offsets[row] ?? 0
      at += 1
    }
  }
  return rows
}

function countOf(tracks: Uint8Array, track: number): number {
  let count = 0
  for (let row = 0; row < tracks.length; row += 1) {
    if (tracks[row] === track) count += 1
  }
  return count
}

/** Collects chunks; samples that follow each other without a byte between them share one. */
export class ChunkBuilder {
  #count = 0
  #endSpan = -1
  #endOffset = 0
  readonly #spans: Uint32Array
  readonly #offsets: Float64Array
  readonly #sampleCounts: Uint32Array

  constructor(capacity: number) {
    this.#spans = new Uint32Array(capacity)
    this.#offsets = new Float64Array(capacity)
    this.#sampleCounts = new Uint32Array(capacity)
  }

  add(place: { readonly span: number; readonly offset: number }, samples: number, bytes: number): void {
    if (place.span === this.#endSpan && place.offset === this.#endOffset) {
      this.#sampleCounts[this.#count - 1] = (this.#sampleCounts[this.#count - 1] ?? 0) + samples
    } else {
      this.#spans[this.#count] = place.span
      this.#offsets[this.#count] = place.offset
      this.#sampleCounts[this.#count] = samples
      this.#count += 1
    }
    this.#endSpan = place.span
    this.#endOffset = place.offset + bytes
  }

  build(): ChunkColumns {
    const count = this.#count
    return {
      count,
      spans: this.#spans.subarray(0, count),
      offsets: this.#offsets.subarray(0, count),
      sampleCounts: this.#sampleCounts.subarray(0, count),
    }
  }
}

/** Where a frame is one sample. */
export function chunksOf(rows: TrackRows): ChunkColumns {
  const builder = new ChunkBuilder(rows.count)
  for (let row = 0; row < rows.count; row += 1) {
    builder.add({ span: rows.spans[row] ?? 0, offset: rows.offsets[row] ?? 0 }, 1, rows.sizes[row] ?? 0)
  }
  return builder.build()
}
