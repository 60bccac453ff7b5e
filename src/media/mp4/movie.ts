import type { TrackMatrix } from '../track-matrix.js'

/**
 * A movie as columns: what the MP4 writer lays out, whoever made it (fragments of the archive, or the parts of a join). Nothing in
 * it holds a sample's bytes; `spans` say where they are.
 */
export interface Movie {
  /** Wall-clock instant of the first sample shown, for `mvhd`, `tkhd` and `mdhd`; null writes 0 (ISO/IEC 14496-12, 8.2.2). */
  readonly startMs: number | null
  /** Video first. */
  readonly tracks: readonly MovieTrack[]
  /** The contents of `mdat`, in order. Spans may hold bytes that no sample refers to. */
  readonly spans: readonly MediaSpan[]
  /**
   * Readable tags (`udta/meta/ilst`), in order; empty writes no `udta`. `title`, `date`, `comment`, `description`, `copyright` and
   * `encoder` have an atom of their own; any other name becomes a free-form item of that name.
   */
  readonly tags: readonly { readonly name: string; readonly value: string }[]
}

/** `length` bytes from byte `offset` of source number `source`: a fragment's file, or a stored GetClip answer. */
export interface MediaSpan {
  readonly source: number
  readonly offset: number
  readonly length: number
}

export interface MovieTrack {
  readonly kind: 'video' | 'audio'
  /** Ticks a second of `mdhd`, and the unit of every duration below. 1000 for video from Matroska. */
  readonly timescale: number
  /** The whole sample entry box: `avc1`, `hvc1`, `mp4a`, `alaw`, `ulaw`. */
  readonly sampleEntry: Uint8Array
  /** As `tkhd` has it: how large the picture is shown, before it is turned; 0 for audio. */
  readonly width: number
  readonly height: number
  /** How it is turned; null where it is not. */
  readonly matrix: TrackMatrix | null
  readonly samples: SampleColumns
  readonly chunks: ChunkColumns
  /** Empty writes no `edts`. */
  readonly edits: readonly Edit[]
}

/** One row a sample, in decode order. A bare number stands for a column in which every row is the same. */
export interface SampleColumns {
  readonly count: number
  readonly sizes: Uint32Array | number
  /**
   * Ticks to the next sample's decode time (`stts`). G.711 has a sample a byte: where such a track has a hole, runs say it without a
   * row for each.
   */
  readonly durations: Uint32Array | DurationRuns | number
  /** `ctts`, version 0; null when every sample is shown when it is decoded. */
  readonly compositionOffsets: Uint32Array | null
  /** 1 for a sync sample; null when every sample is one. */
  readonly syncs: Uint8Array | null
}

/** Whole numbers from 0, a row each, in as few bytes a row as whoever made it found enough. */
export type Column = Uint8Array | Uint16Array | Uint32Array

/** `stts` or `ctts` as it stands in the file: `counts[i]` samples of `values[i]` ticks each, then the next run. */
export interface Runs {
  readonly counts: Column
  readonly values: Column
}

/** Where they are those of `stts`. */
export type DurationRuns = Runs

/** One row a chunk: samples that stand next to each other in one span. */
export interface ChunkColumns {
  readonly count: number
  /** Index into `Movie.spans`. */
  readonly spans: Uint32Array
  /** First byte of the chunk, from the first byte of its span. May be half as wide where every span is shorter than 4 GiB. */
  readonly offsets: Uint32Array | Float64Array
  readonly sampleCounts: Uint32Array
}

/** An edit-list entry (ISO/IEC 14496-12, 8.6.6) at rate 1. */
export interface Edit {
  /** In milliseconds (the movie timescale is 1000). */
  readonly durationMs: number
  /** In ticks of the track; -1 is an empty edit. */
  readonly mediaTime: number
}
