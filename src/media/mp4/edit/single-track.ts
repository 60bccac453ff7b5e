import type { MediaSpan, Movie, MovieTrack, TrackPiece } from '../movie.js'
import { rowAt } from '../tables/columns.js'
import { sampleBytes } from '../tables/pieces.js'

/** A movie of one of the tracks, without any byte of the others: its samples are contiguous, one chunk for each piece. */
export function toSingleTrack(movie: Movie, track: MovieTrack): Movie {
  const spans: MediaSpan[] = []
  const pieces = track.pieces.map((piece) => {
    const chunks = { count: piece.count === 0 ? 0 : 1, spans: spans.length, offsets: Float64Array.of(0), sampleCounts: piece.count }
    spans.push(...toSpans(movie, piece))
    return { ...piece, chunks }
  })
  return { ...movie, tracks: [{ ...track, pieces }], spans }
}

/** One span for each chunk. */
function toSpans({ spans }: Movie, piece: TrackPiece): MediaSpan[] {
  let sample = 0
  return Array.from({ length: piece.chunks.count }, (_, chunk) => {
    const from = sample
    sample += rowAt(piece.chunks.sampleCounts, chunk)
    const span = spans[rowAt(piece.chunks.spans, chunk)]
    if (span === undefined) throw new RangeError(`chunk ${chunk} is in no span`)
    const offset = span.offset - span.skipped + rowAt(piece.chunks.offsets, chunk)
    return { source: span.source, offset, length: sampleBytes(piece, from, sample), skipped: 0 }
  })
}
