import { freeBytes } from '../free-bytes.js'
import { finishNow, type Steps } from '../steps.js'
import type { Column, Movie, MovieTrack, Runs, SampleColumns } from './movie.js'
import type { PackedMovie, PackedTrack, TrackPiece } from './packed-movie.js'
import { narrow, toShortest } from './tables/columns.js'
import { columnToRuns, durationsToRuns, runsToDurations } from './tables/runs.js'

/** As small as it can be held. Nothing of it is shared with `movie`, which may be given up. */
export function packMovie(movie: Movie): PackedMovie {
  return finishNow(packMovieInSteps(movie))
}

export function* packMovieInSteps(movie: Movie): Steps<PackedMovie> {
  const { tracks, ...rest } = yield* asPackedInSteps(movie)
  const packed: PackedTrack[] = []
  for (const track of tracks) {
    const { durations } = track.samples
    const samples = { ...track.samples, durations: typeof durations === 'number' ? durations : narrowRuns(durations) }
    packed.push({ ...track, samples, pieces: track.pieces.map(narrowPiece) })
    yield
  }
  return { ...rest, tracks: packed }
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

/** The movie itself where it is packed; else in that form over its own columns, for what is not held for long. */
export function* asPackedInSteps(movie: Movie | PackedMovie): Steps<PackedMovie> {
  if (isPacked(movie)) return movie
  const tracks: PackedTrack[] = []
  for (const track of movie.tracks) tracks.push(yield* asPackedTrack(track))
  return { ...movie, tracks, spans: movie.spans.map((span) => ({ ...span, skipped: 0 })) }
}

function isPacked(movie: Movie | PackedMovie): movie is PackedMovie {
  return movie.tracks.some((track) => 'pieces' in track)
}

function* asPackedTrack({ samples, chunks, ...track }: MovieTrack): Steps<PackedTrack> {
  const { count, sizes, compositionOffsets } = samples
  const times = {
    count,
    durations: runsToDurations(yield* durationsToRuns(samples)),
    compositionOffsets: compositionOffsets === null ? null : yield* columnToRuns(compositionOffsets),
  }
  const shortened = { ...chunks, spans: toShortest(chunks.spans), sampleCounts: toShortest(chunks.sampleCounts) }
  return { ...track, samples: times, pieces: [{ count, sizes, keys: keysOf(samples), chunks: shortened }] }
}

function keysOf({ syncs }: SampleColumns): Column | null {
  if (syncs === null) return null
  const keys: number[] = []
  for (let index = 0; index < syncs.length; index += 1) if (syncs[index] !== 0) keys.push(index)
  return narrow(keys)
}

function narrowPiece({ count, sizes, keys, chunks }: TrackPiece): TrackPiece {
  return {
    count,
    sizes: typeof sizes === 'number' ? sizes : narrow(sizes),
    keys,
    chunks: { ...chunks, offsets: chunks.offsets instanceof Float64Array ? chunks.offsets.slice() : narrow(chunks.offsets) },
  }
}

function narrowRuns({ counts, values }: Runs): Runs {
  return { counts: narrow(counts), values: narrow(values) }
}
