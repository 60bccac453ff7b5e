import { ROWS_PER_STEP, type Steps } from '../../steps.js'
import type { Chunks, MediaSpan, Movie, MovieTrack, TrackPiece } from '../movie.js'
import { narrow, rowAt } from '../tables/columns.js'
import { mapSpans, sampleBytes } from '../tables/pieces.js'
import { sliceRuns } from '../tables/runs.js'

/** The samples [from, to) of a track, in decoding order, without an edit list. Shares all columns between the borders. */
export function cutTrack(track: MovieTrack, from: number, to: number): MovieTrack {
  const { durations, compositionOffsets } = track.samples
  const samples = {
    count: to - from,
    durations: sliceRuns(durations, from, to),
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
  // A track keeps the form of its pieces when no sample is left.
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

function cutChunks(piece: TrackPiece, from: number, to: number): Chunks {
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
      kept.offsets[count] = rowAt(chunks.offsets, chunk) + sampleBytes(piece, first, keptFirst)
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

/** Shrinks each span to the bytes from its first to its last used one, and removes spans that no sample uses. */
export function* shrinkSpans(movie: Movie): Steps<Movie> {
  const used = {
    starts: new Float64Array(movie.spans.length).fill(Number.POSITIVE_INFINITY),
    ends: new Float64Array(movie.spans.length),
  }
  for (const { pieces } of movie.tracks) {
    for (const piece of pieces) yield* noteUse(piece, used)
  }

  const spans: MediaSpan[] = []
  const numbers = new Uint32Array(movie.spans.length)
  movie.spans.forEach(({ source, offset, skipped }, index) => {
    const [start, end] = [rowAt(used.starts, index), rowAt(used.ends, index)]
    if (start >= end) return
    numbers[index] = spans.length
    spans.push({ source, offset: offset + start - skipped, length: end - start, skipped: start })
  })
  const tracks: MovieTrack[] = []
  for (const track of movie.tracks) {
    tracks.push({
      ...track,
      pieces: track.pieces.map((piece) => ({ ...piece, chunks: mapSpans(piece.chunks, (span) => rowAt(numbers, span)) })),
    })
    yield
  }
  return { ...movie, spans, tracks }
}

/** `starts` and `ends`: the used bytes of each span, counted as chunk offsets are. */
function* noteUse(piece: TrackPiece, { starts, ends }: { starts: Float64Array; ends: Float64Array }): Steps<void> {
  const { chunks } = piece
  let first = 0
  for (let chunk = 0; chunk < chunks.count; chunk += 1) {
    const span = rowAt(chunks.spans, chunk)
    const next = first + rowAt(chunks.sampleCounts, chunk)
    const start = rowAt(chunks.offsets, chunk)
    const end = start + sampleBytes(piece, first, next)
    if (start < rowAt(starts, span)) starts[span] = start
    if (end > rowAt(ends, span)) ends[span] = end
    first = next
    if (chunk % ROWS_PER_STEP === ROWS_PER_STEP - 1) yield
  }
  yield
}
