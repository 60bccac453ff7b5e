import { ROWS_PER_STEP, type Steps } from '../steps.js'
import type { ChunkColumns, MediaSpan, Movie, MovieTrack, SampleColumns } from './movie.js'
import { sliceDurations } from './runs.js'

/** Samples [from, to) of a track, in decode order; without an edit list. */
export function cutTrack(track: MovieTrack, from: number, to: number): MovieTrack {
  const { sizes, durations, compositionOffsets, syncs } = track.samples
  const samples = {
    count: to - from,
    sizes: typeof sizes === 'number' ? sizes : sizes.subarray(from, to),
    durations: sliceDurations(durations, from, to),
    compositionOffsets: compositionOffsets?.subarray(from, to) ?? null,
    syncs: syncs?.subarray(from, to) ?? null,
  }
  return { ...track, samples, chunks: cutChunks(track, from, to), edits: [] }
}

function cutChunks({ chunks, samples }: MovieTrack, from: number, to: number): ChunkColumns {
  const kept = {
    spans: new Uint32Array(chunks.count),
    offsets: new Float64Array(chunks.count),
    sampleCounts: new Uint32Array(chunks.count),
  }
  let count = 0
  let first = 0
  for (let chunk = 0; chunk < chunks.count && first < to; chunk += 1) {
    const next = first + (chunks.sampleCounts[chunk] ?? 0)
    if (next > from) {
      const keptFirst = Math.max(first, from)
      kept.spans[count] = chunks.spans[chunk] ?? 0
      kept.offsets[count] = (chunks.offsets[chunk] ?? 0) + sampleBytes(samples, first, keptFirst)
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

/** Bytes of the samples [from, to). */
export function sampleBytes({ sizes }: SampleColumns, from: number, to: number): number {
  if (typeof sizes === 'number') return sizes * (to - from)
  let bytes = 0
  for (let index = from; index < to; index += 1) bytes += sizes[index] ?? 0
  return bytes
}

/** Spans from the first to the last byte that a sample needs; those that none needs are left out. */
export function* shrinkSpans(movie: Movie): Steps<Movie> {
  const starts = new Float64Array(movie.spans.length).fill(Number.POSITIVE_INFINITY)
  const ends = new Float64Array(movie.spans.length)
  for (const track of movie.tracks) {
    yield* noteUse(track, starts, ends)
  }

  const spans: MediaSpan[] = []
  const numbers = new Uint32Array(movie.spans.length)
  movie.spans.forEach((span, index) => {
    const start = starts[index] ?? 0
    const end = ends[index] ?? 0
    if (start >= end) return
    numbers[index] = spans.length
    spans.push({ source: span.source, offset: span.offset + start, length: end - start })
  })
  const tracks: MovieTrack[] = []
  for (const track of movie.tracks) {
    tracks.push({ ...track, chunks: renumber(track.chunks, numbers, starts) })
    yield
  }
  return { ...movie, spans, tracks }
}

function* noteUse({ chunks, samples }: MovieTrack, starts: Float64Array, ends: Float64Array): Steps<void> {
  let first = 0
  for (let chunk = 0; chunk < chunks.count; chunk += 1) {
    const span = chunks.spans[chunk] ?? 0
    const next = first + (chunks.sampleCounts[chunk] ?? 0)
    const start = chunks.offsets[chunk] ?? 0
    const end = start + sampleBytes(samples, first, next)
    if (start < (starts[span] ?? 0)) starts[span] = start
    if (end > (ends[span] ?? 0)) ends[span] = end
    first = next
    if (chunk % ROWS_PER_STEP === ROWS_PER_STEP - 1) yield
  }
}

function renumber(chunks: ChunkColumns, numbers: Uint32Array, starts: Float64Array): ChunkColumns {
  const spans = new Uint32Array(chunks.count)
  const offsets = new Float64Array(chunks.count)
  for (let chunk = 0; chunk < chunks.count; chunk += 1) {
    const span = chunks.spans[chunk] ?? 0
    spans[chunk] = numbers[span] ?? 0
    offsets[chunk] = (chunks.offsets[chunk] ?? 0) - (starts[span] ?? 0)
  }
  return { ...chunks, spans, offsets }
}
