import type { ChunkColumns, MediaSpan, Movie, MovieTrack } from '../movie.js'

/** One track of a movie by itself, with no byte of the others: its samples stand behind each other, and are one chunk. */
export function toSingleTrack(movie: Movie, track: MovieTrack): Movie {
  const spans = spansOf(movie, track)
  const chunks: ChunkColumns = {
    count: spans.length === 0 ? 0 : 1,
    spans: Uint32Array.of(0),
    offsets: Float64Array.of(0),
    sampleCounts: Uint32Array.of(track.samples.count),
  }
  return { ...movie, tracks: [{ ...track, chunks }], spans }
}

function spansOf({ spans }: Movie, { chunks, samples: { sizes } }: MovieTrack): MediaSpan[] {
  const own: MediaSpan[] = []
  let sample = 0
  for (let chunk = 0; chunk < chunks.count; chunk += 1) {
    const end = sample + (chunks.sampleCounts[chunk] ?? 0)
    let length = typeof sizes === 'number' ? sizes * (end - sample) : 0
    if (typeof sizes !== 'number') for (let index = sample; index < end; index += 1) length += sizes[index] ?? 0
    sample = end
    const span = spans[chunks.spans[chunk] ?? 0]
    if (span !== undefined) own.push({ source: span.source, offset: span.offset + (chunks.offsets[chunk] ?? 0), length })
  }
  return own
}
