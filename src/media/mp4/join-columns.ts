import type { Steps } from '../steps.js'
import type { ChunkColumns, Movie, MovieTrack, SampleColumns } from './movie.js'

/** The columns of one track of several movies, one after the other. What time they play at is decided elsewhere. */
export type PlainColumns = Pick<SampleColumns, 'count' | 'sizes' | 'syncs'>

export function* joinSampleColumns(tracks: readonly MovieTrack[]): Steps<PlainColumns> {
  const count = tracks.reduce((total, { samples }) => total + samples.count, 0)
  const [first] = tracks
  const isUniform = tracks.every(({ samples }) => typeof samples.sizes === 'number' && samples.sizes === first?.samples.sizes)
  const sizes = isUniform ? (first?.samples.sizes ?? 0) : new Uint32Array(count)
  const syncs = tracks.every(({ samples }) => samples.syncs === null) ? null : new Uint8Array(count)
  let at = 0
  for (const { samples } of tracks) {
    if (typeof sizes !== 'number') place(sizes, samples.sizes, { at, count: samples.count })
    if (syncs !== null) place(syncs, samples.syncs ?? 1, { at, count: samples.count })
    at += samples.count
    yield
  }
  return { count, sizes, syncs }
}

function place<Column extends Uint32Array | Uint8Array>(
  into: Column,
  from: Column | number,
  { at, count }: { at: number; count: number },
): void {
  if (typeof from === 'number') into.fill(from, at, at + count)
  else into.set(from, at)
}

/** Chunks keep their place in their span; spans are numbered on from part to part. */
export function* joinChunkColumns(movies: readonly Movie[], trackIndex: number): Steps<ChunkColumns> {
  const columns = movies.map((movie) => movie.tracks[trackIndex]?.chunks ?? EMPTY)
  const count = columns.reduce((total, chunks) => total + chunks.count, 0)
  const isNarrow = columns.every(({ offsets }) => offsets instanceof Uint32Array)
  const offsets = isNarrow ? new Uint32Array(count) : new Float64Array(count)
  const joined = { count, spans: new Uint32Array(count), offsets, sampleCounts: new Uint32Array(count) }
  let at = 0
  let firstSpan = 0
  for (const [part, chunks] of columns.entries()) {
    for (let chunk = 0; chunk < chunks.count; chunk += 1) joined.spans[at + chunk] = firstSpan + (chunks.spans[chunk] ?? 0)
    joined.offsets.set(chunks.offsets, at)
    joined.sampleCounts.set(chunks.sampleCounts, at)
    at += chunks.count
    firstSpan += movies[part]?.spans.length ?? 0
    yield
  }
  return joined
}

const EMPTY: ChunkColumns = { count: 0, spans: new Uint32Array(0), offsets: new Uint32Array(0), sampleCounts: new Uint32Array(0) }
