import type { ChunkColumns, SampleColumns } from '../mp4/movie.js'

/** A track whose samples have their times, before it is placed in the movie. */
export interface TimedTrack {
  readonly timescale: number
  readonly samples: SampleColumns
  readonly chunks: ChunkColumns
  /** When the first sample is shown, in milliseconds on the movie's clock. */
  readonly startMs: number
  /** From the first sample shown to the end of the last, in milliseconds. */
  readonly durationMs: number
  /** Media time, in ticks, of the first sample shown. */
  readonly mediaTime: number
}
