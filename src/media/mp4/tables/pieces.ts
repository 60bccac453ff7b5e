import type { Chunks, MediaSpan, Movie, TrackPiece } from '../movie.js'
import { narrow, rowAt, toColumn } from './columns.js'

/** Total size of the samples [from, to) of the piece, in bytes. */
export function sampleBytes({ sizes }: Pick<TrackPiece, 'sizes'>, from: number, to: number): number {
  if (typeof sizes === 'number') return sizes * (to - from)
  let bytes = 0
  for (let index = from; index < to; index += 1) bytes += rowAt(sizes, index)
  return bytes
}

/** Index in the track of its first sync sample; null if there is none. */
export function findFirstKey(pieces: readonly TrackPiece[]): number | null {
  let first = 0
  for (const { count, keys } of pieces) {
    const key = keys === null ? 0 : keys[0]
    if (key !== undefined && key < count) return first + key
    first += count
  }
  return null
}

/** Where in the file the chunk offsets of each span count from, if the media starts at byte `mediaStart`. */
export function spanStarts(spans: readonly MediaSpan[], mediaStart: number): Float64Array {
  let at = mediaStart
  return Float64Array.from(spans, ({ length, skipped }) => {
    const start = at - skipped
    at += length
    return start
  })
}

/**
 * The pieces of the track at `trackIndex` of each movie, in order, for a movie whose spans are those of all movies. Columns are shared,
 * except for span indexes, and for columns that only some of the movies have as a number or null: all pieces of a track have one form.
 */
export function joinPieces(movies: readonly Movie[], trackIndex: number): TrackPiece[] {
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
    keys: isAllKeys ? null : (piece.keys ?? narrow(Array.from({ length: piece.count }, (_, index) => index))),
  }))
}

function withSpansFrom(piece: TrackPiece, firstSpan: number): TrackPiece {
  return firstSpan === 0 ? piece : { ...piece, chunks: mapSpans(piece.chunks, (span) => span + firstSpan) }
}

/** The same chunks in spans with other numbers. */
export function mapSpans(chunks: Chunks, toSpan: (span: number) => number): Chunks {
  const { spans } = chunks
  return { ...chunks, spans: typeof spans === 'number' ? toSpan(spans) : narrow(Array.from(spans, toSpan)) }
}
