import type { Column } from '../movie.js'
import type { PackedMovie, TrackPiece } from '../packed-movie.js'
import { narrow, toColumn } from '../tables/columns.js'

/**
 * The pieces of one track of several movies, one after the other. Only what counts on from movie to movie is written anew (which span a chunk
 * is in), and what one of them says in short and another cannot: all pieces of a track have one form.
 */
export function joinPieces(movies: readonly PackedMovie[], trackIndex: number): TrackPiece[] {
  let firstSpan = 0
  const pieces = movies.flatMap(({ tracks, spans }) => {
    const numbered = (tracks[trackIndex]?.pieces ?? []).map((piece) => withSpansFrom(piece, firstSpan))
    firstSpan += spans.length
    return numbered
  })
  const [first] = pieces
  const isOneSize = pieces.every(({ sizes }) => typeof sizes === 'number' && sizes === first?.sizes)
  const isAllKeys = pieces.every(({ keys }) => keys === null)
  return pieces.map((piece) => ({
    ...piece,
    sizes: isOneSize ? piece.sizes : toColumn(piece.sizes, piece.count),
    keys: isAllKeys ? null : (piece.keys ?? everySample(piece)),
  }))
}

function withSpansFrom(piece: TrackPiece, firstSpan: number): TrackPiece {
  if (firstSpan === 0) return piece
  const { spans } = piece.chunks
  const moved = typeof spans === 'number' ? spans + firstSpan : narrow(Array.from(spans, (span) => span + firstSpan))
  return { ...piece, chunks: { ...piece.chunks, spans: moved } }
}

function everySample({ count }: TrackPiece): Column {
  return narrow(Array.from({ length: count }, (_, index) => index))
}
