import type { Column, MediaSpan, Movie, MovieTrack, Runs, SampleColumns } from './movie.js'

/**
 * A movie in the form that stays small however long it is: what changes from part to part in pieces, which a join or a cut shares with what
 * it was made of and never copies; times as the runs that the file will hold. Each column may be as narrow as its numbers allow. A day of
 * 30 frames a second with B-frames and AAC takes some 60 MB; with 32 bits a row the parts took 135 MB, before anything was joined.
 */
export interface PackedMovie {
  readonly startMs: number | null
  /** Video first. */
  readonly tracks: readonly PackedTrack[]
  readonly spans: readonly PackedSpan[]
  readonly tags: Movie['tags']
}

export interface PackedSpan extends MediaSpan {
  /** Chunks count their place from so many bytes before `offset`: what was cut off is not taken out of every row. */
  readonly skipped: number
}

export interface PackedTrack extends Omit<MovieTrack, 'samples' | 'chunks'> {
  readonly samples: PackedSamples
  /** In decode order. */
  readonly pieces: readonly TrackPiece[]
}

/** When the samples of the whole track are decoded and shown; in the terms of `SampleColumns`. */
export interface PackedSamples {
  readonly count: number
  readonly durations: Runs | number
  readonly compositionOffsets: Runs | null
}

/** What the times of a track depend on, packed or not. */
export interface TimedSamples extends Pick<MovieTrack, 'timescale' | 'edits'> {
  readonly samples: Pick<SampleColumns, 'count' | 'durations' | 'compositionOffsets'> | PackedSamples
}

/** Consecutive samples of a track. A bare number stands for a column in which every row is the same. */
export interface TrackPiece {
  readonly count: number
  readonly sizes: Column | number
  /** Which samples are sync samples, from 0, ascending; null when every one is. Null in all pieces of a track, or in none. */
  readonly keys: Column | null
  readonly chunks: PackedChunks
}

/** In the terms of `ChunkColumns`. */
export interface PackedChunks {
  readonly count: number
  readonly spans: Column | number
  readonly offsets: Column | Float64Array
  readonly sampleCounts: Column | number
}
