import { ROWS_PER_STEP, type Steps } from '../../steps.js'
import type { Column } from '../movie.js'
import type { PackedChunks, PackedMovie, PackedSpan, PackedTrack, TrackPiece } from '../packed-movie.js'
import { narrow } from '../tables/columns.js'
import { runsToDurations, sliceRuns } from '../tables/runs.js'

/** Samples [from, to) of a track, in decode order; without an edit list. Shares all that lies between the borders. */
export function cutTrack(track: PackedTrack, from: number, to: number): PackedTrack {
  const { durations, compositionOffsets } = track.samples
  const samples = {
    count: to - from,
    durations: typeof durations === 'number' ? durations : runsToDurations(sliceRuns(durations, from, to)),
    compositionOffsets: compositionOffsets === null ? null : sliceRuns(compositionOffsets, from, to),
  }
  return { ...track, samples, pieces: cutPieces(track.pieces, from, to), edits: [] }
}

function cutPieces(pieces: readonly TrackPiece[], from: number, to: number): TrackPiece[] {
  const cut: TrackPiece[] = []
  let first = 0
  for (const piece of pieces) {
    const [start, end] = [Math.max(from - first, 0), Math.min(to - first, piece.count)]
    if (start < end) cut.push(start === 0 && end === piece.count ? piece : cutPiece(piece, start, end))
    first += piece.count
  }
  // What all samples have in common is said of none as well.
  return cut.length > 0 ? cut : pieces.slice(0, 1).map((piece) => cutPiece(piece, 0, 0))
}

function cutPiece(piece: TrackPiece, from: number, to: number): TrackPiece {
  const { sizes, keys } = piece
  return {
    count: to - from,
    sizes: typeof sizes === 'number' ? sizes : sizes.subarray(from, to),
    keys: keys === null ? null : narrow(Array.from(keys).flatMap((key) => (key >= from && key < to ? [key - from] : []))),
    chunks: cutChunks(piece, from, to),
  }
}

function cutChunks(piece: TrackPiece, from: number, to: number): PackedChunks {
  const { chunks } = piece
  const kept = {
    spans: new Uint32Array(chunks.count),
    offsets: new Float64Array(chunks.count),
    sampleCounts: new Uint32Array(chunks.count),
  }
  let count = 0
  let first = 0
  for (let chunk = 0; chunk < chunks.count && first < to; chunk += 1) {
    const next = first + rowAt(chunks.sampleCounts, chunk)
    if (next > from) {
      const keptFirst = Math.max(first, from)
      kept.spans[count] = rowAt(chunks.spans, chunk)
      kept.offsets[count] = (chunks.offsets[chunk] ?? 0) + sampleBytes(piece, first, keptFirst)
      kept.sampleCounts[count] = Math.min(next, to) - keptFirst
      count += 1
    }
    first = next
  }
  return {
    count,
    spans: kept.spans.subarray(0, count),
    offsets: kept.offsets.subarray(0, count),
    sampleCounts: kept.sampleCounts.subarray(0, count),
  }
}

function rowAt(rows: Column | number, row: number): number {
  return typeof rows === 'number' ? rows : (rows[row] ?? 0)
}

/** Bytes of the samples [from, to). */
export function sampleBytes({ sizes }: Pick<TrackPiece, 'sizes'>, from: number, to: number): number {
  if (typeof sizes === 'number') return sizes * (to - from)
  let bytes = 0
  for (let index = from; index < to; index += 1) bytes += sizes[index] ?? 0
  return bytes
}

/** Spans from the first to the last byte that a sample needs; those that none needs are left out. */
export function* shrinkSpans(movie: PackedMovie): Steps<PackedMovie> {
  const starts = new Float64Array(movie.spans.length).fill(Number.POSITIVE_INFINITY)
  const ends = new Float64Array(movie.spans.length)
  for (const { pieces } of movie.tracks) {
    for (const piece of pieces) yield* noteUse(piece, starts, ends)
  }

  const spans: PackedSpan[] = []
  const numbers = new Uint32Array(movie.spans.length)
  movie.spans.forEach((span, index) => {
    const start = starts[index] ?? 0
    const end = ends[index] ?? 0
    if (start >= end) return
    numbers[index] = spans.length
    spans.push({ source: span.source, offset: span.offset + start - span.skipped, length: end - start, skipped: start })
  })
  const tracks: PackedTrack[] = []
  for (const track of movie.tracks) {
    tracks.push({ ...track, pieces: track.pieces.map((piece) => ({ ...piece, chunks: renumber(piece.chunks, numbers) })) })
    yield
  }
  return { ...movie, spans, tracks }
}

/** In bytes from where the chunks of a span count. */
function* noteUse(piece: TrackPiece, starts: Float64Array, ends: Float64Array): Steps<void> {
  const { chunks } = piece
  let first = 0
  for (let chunk = 0; chunk < chunks.count; chunk += 1) {
    const span = rowAt(chunks.spans, chunk)
    const next = first + rowAt(chunks.sampleCounts, chunk)
    const start = chunks.offsets[chunk] ?? 0
    const end = start + sampleBytes(piece, first, next)
    if (start < (starts[span] ?? 0)) starts[span] = start
    if (end > (ends[span] ?? 0)) ends[span] = end
    first = next
    if (chunk % ROWS_PER_STEP === ROWS_PER_STEP - 1) yield
  }
  yield
}

function renumber(chunks: PackedChunks, numbers: Uint32Array): PackedChunks {
  const { spans } = chunks
  return { ...chunks, spans: typeof spans === 'number' ? (numbers[spans] ?? 0) : narrow(Array.from(spans, (span) => numbers[span] ?? 0)) }
}
