import { freeBytes } from '../../lib/free-bytes.js'
import { finishNow, type Steps } from '../steps.js'
import { narrow } from './columns.js'
import type { ChunkColumns, Column, MediaSpan, Movie, MovieTrack, Runs, SampleColumns } from './movie.js'
import { columnToRuns, durationsToRuns, runsToDurations } from './runs.js'

/**
 * A movie in the form that stays small however long it is: what changes from part to part in pieces, which a join or a cut shares with what
 * it was made of and never copies; times as the runs that the file will hold. Each column is as narrow as its numbers allow. A day of
 * 30 frames a second with B-frames and AAC takes some 70 MB; a row of 32 bits in each column took twice that, before anything was joined.
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

/** Nothing of it is shared with `movie`, which may be given up. */
export function packMovie(movie: Movie): PackedMovie {
  return finishNow(packMovieInSteps(movie))
}

/** Leaves nothing in the columns of `movie`, whose only owner the caller is. */
export function packAndFree(movie: Movie): PackedMovie {
  const packed = packMovie(movie)
  for (const { samples, chunks } of movie.tracks) {
    const { sizes, durations, compositionOffsets, syncs } = samples
    const columns = [sizes, durations, compositionOffsets, syncs, chunks.spans, chunks.offsets, chunks.sampleCounts]
    for (const column of columns) if (ArrayBuffer.isView(column)) freeBytes(column)
  }
  return packed
}

/** Leaves the track without times, for an owner who needs no more of it than its pieces. */
export function freeTimes({ samples: { durations, compositionOffsets } }: PackedTrack): void {
  for (const runs of [durations, compositionOffsets]) {
    if (runs === null || typeof runs === 'number') continue
    freeBytes(runs.counts)
    freeBytes(runs.values)
  }
}

export function* packMovieInSteps(movie: Movie): Steps<PackedMovie> {
  const tracks: PackedTrack[] = []
  for (const track of movie.tracks) tracks.push(yield* packTrack(track))
  return { ...movie, tracks, spans: movie.spans.map((span) => ({ ...span, skipped: 0 })) }
}

/** A movie that is packed already is given back. */
export function* asPackedInSteps(movie: Movie | PackedMovie): Steps<PackedMovie> {
  return isPacked(movie) ? movie : yield* packMovieInSteps(movie)
}

function isPacked(movie: Movie | PackedMovie): movie is PackedMovie {
  return movie.tracks.some((track) => 'pieces' in track)
}

function* packTrack({ samples, chunks, ...track }: MovieTrack): Steps<PackedTrack> {
  const { count, sizes, compositionOffsets } = samples
  const packed = {
    count,
    durations: runsToDurations(yield* durationsToRuns(samples)),
    compositionOffsets: compositionOffsets === null ? null : yield* columnToRuns(compositionOffsets),
  }
  yield
  const piece = { count, sizes: typeof sizes === 'number' ? sizes : narrow(sizes), keys: keysOf(samples), chunks: packChunks(chunks) }
  yield
  return { ...track, samples: packed, pieces: [piece] }
}

function keysOf({ syncs }: SampleColumns): Column | null {
  if (syncs === null) return null
  const keys: number[] = []
  for (let index = 0; index < syncs.length; index += 1) if (syncs[index] !== 0) keys.push(index)
  return narrow(keys)
}

function packChunks({ count, spans, offsets, sampleCounts }: ChunkColumns): PackedChunks {
  return {
    count,
    spans: toShortest(spans),
    offsets: offsets instanceof Uint32Array ? narrow(offsets) : offsets.slice(),
    sampleCounts: toShortest(sampleCounts),
  }
}

/** A number where every row is the same. */
export function toShortest(rows: Column): Column | number {
  const [first = 0] = rows
  return rows.every((value) => value === first) ? first : narrow(rows)
}

/** A row for each of `count`, where one number stood for all. */
export function toColumn(rows: Column | number, count: number): Column {
  return typeof rows === 'number' ? narrow(new Uint32Array(count).fill(rows)) : rows
}
