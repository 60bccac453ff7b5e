import { type JoinOptions, type JoinPart, type JoinResult, joinMovies } from '../../src/media/mp4/edit/join.js'
import { type TrimResult, type TrimWindow, trimMovie } from '../../src/media/mp4/edit/trim.js'
import type { Movie, MovieTrack, TrackPiece } from '../../src/media/mp4/movie.js'
import { type ParsedMovie, readMovie } from '../../src/media/mp4/read/read-movie.js'
import type { SlicedFile } from '../../src/media/mp4/slices.js'
import { rowAt } from '../../src/media/mp4/tables/columns.js'
import { readRuns } from '../../src/media/mp4/tables/runs.js'
import { layOutMovie } from '../../src/media/mp4/write/lay-out-movie.js'
import { finishNow } from '../../src/media/steps.js'

// Runs at once what the gateway spreads over turns of the event loop.

export function layOutNow(movie: Movie): SlicedFile {
  return finishNow(layOutMovie(movie))
}

export function joinNow(parts: readonly JoinPart[], options: JoinOptions): JoinResult {
  return finishNow(joinMovies(parts, options))
}

export function trimNow(movie: Movie, window: TrimWindow): TrimResult {
  return finishNow(trimMovie(movie, window))
}

/** Reads a file in memory, or its beginning. */
export function readWhole(file: Uint8Array, source: number): ParsedMovie {
  const reading = readMovie(source)
  let step = reading.next(new Uint8Array(0))
  while (step.done !== true) step = reading.next(file.subarray(step.value.start, step.value.end))
  return step.value
}

/** The only piece of a track that was read, or built from fragments. */
export function onlyPiece({ pieces }: MovieTrack): TrackPiece {
  const [piece, ...others] = pieces
  if (piece === undefined || others.length > 0) throw new Error(`expected one piece, got ${pieces.length}`)
  return piece
}

export interface ChunkRow {
  readonly span: number
  readonly offset: number
  readonly count: number
}

export function chunkRows({ chunks }: TrackPiece): ChunkRow[] {
  const { count, spans, offsets, sampleCounts } = chunks
  return Array.from({ length: count }, (_, row) => ({
    span: rowAt(spans, row),
    offset: rowAt(offsets, row),
    count: rowAt(sampleCounts, row),
  }))
}

export function durationRows({ samples: { count, durations } }: MovieTrack): number[] {
  return Array.from({ length: count }, readRuns(durations))
}
