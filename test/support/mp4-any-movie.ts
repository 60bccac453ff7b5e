import fc from 'fast-check'
import type { ChunkColumns, Movie, MovieTrack, SampleColumns } from '../../src/media/mp4/movie.js'
import { runsToDurations } from '../../src/media/mp4/tables/runs.js'
import { rotationMatrix } from '../../src/media/track-matrix.js'
import { soundEntry, videoEntry } from './mp4-recording.js'

const positive = fc.integer({ min: 1, max: 5000 })

const anyEdit = () =>
  fc.option(fc.record({ emptyMs: fc.integer({ min: 0, max: 2000 }), mediaTime: fc.integer({ min: 0, max: 3000 }), durationMs: positive }))

/** A movie in the form that the reader gives: bare numbers where a column is constant, nothing muxed from others. */
export const anyMovie: fc.Arbitrary<Movie> = fc
  .record({ video: anyVideo(), audio: fc.oneof(fc.constant(null), anyAac(), anyG711()), spanGap: fc.integer({ min: 0, max: 9 }) })
  .map(({ video, audio, spanGap }) => {
    const tracks = audio === null ? [video] : [video, audio]
    return interleave(tracks, spanGap)
  })

function anyVideo(): fc.Arbitrary<MovieTrack> {
  return fc
    .array(fc.record({ size: positive, duration: positive, offset: fc.integer({ min: 0, max: 300 }), isSync: fc.boolean() }), {
      minLength: 2,
      maxLength: 40,
    })
    .chain((rows) => fc.record({ rows: fc.constant(rows), edit: anyEdit(), perChunk: fc.integer({ min: 1, max: 5 }) }))
    .map(({ rows, edit, perChunk }) => {
      const hasOffsets = rows.some(({ offset }) => offset > 0)
      const syncs = rows.map(({ isSync }, index) => (isSync || index === 0 ? 1 : 0))
      const samples: SampleColumns = {
        count: rows.length,
        sizes: columnOf(
          rows.map(({ size }) => size),
          false,
        ),
        durations: columnOf(
          rows.map(({ duration }) => duration),
          true,
        ),
        compositionOffsets: hasOffsets ? Uint32Array.from(rows, ({ offset }) => offset) : null,
        syncs: syncs.every((sync) => sync === 1) ? null : Uint8Array.from(syncs),
      }
      return toTrack('video', { samples, perChunk, edit, timescale: 1000, sampleEntry: videoEntry })
    })
}

function anyAac(): fc.Arbitrary<MovieTrack> {
  return fc
    .record({
      sizes: fc.array(positive, { minLength: 2, maxLength: 60 }),
      last: positive,
      edit: anyEdit(),
      perChunk: fc.integer({ min: 1, max: 4 }),
    })
    .map(({ sizes, last, edit, perChunk }) => {
      const durations = columnOf(
        sizes.map((_, index) => (index === sizes.length - 1 ? last : 1024)),
        true,
      )
      const samples = { count: sizes.length, sizes: columnOf(sizes, false), durations, compositionOffsets: null, syncs: null }
      return toTrack('audio', { samples, perChunk, edit, timescale: 48_000, sampleEntry: soundEntry('aac') })
    })
}

function anyG711(): fc.Arbitrary<MovieTrack> {
  return fc
    .record({ blocks: fc.integer({ min: 1, max: 30 }), gap: fc.integer({ min: 0, max: 9000 }), edit: anyEdit() })
    .map(({ blocks, gap, edit }) => {
      const count = blocks * 160
      const runs =
        gap === 0
          ? { counts: Uint32Array.of(count), values: Uint32Array.of(1) }
          : { counts: Uint32Array.of(count - 80, 1, 79), values: Uint32Array.of(1, gap + 1, 1) }
      const samples = { count, sizes: 1, durations: runsToDurations(runs), compositionOffsets: null, syncs: null }
      return toTrack('audio', { samples, perChunk: 160, edit, timescale: 8000, sampleEntry: soundEntry('alaw') })
    })
}

function columnOf(values: readonly number[], mayBeNumber: boolean): Uint32Array | number {
  const [first = 0] = values
  return mayBeNumber && values.every((value) => value === first) ? first : Uint32Array.from(values)
}

function toTrack(
  kind: MovieTrack['kind'],
  parts: {
    samples: SampleColumns
    perChunk: number
    edit: { emptyMs: number; mediaTime: number; durationMs: number } | null
    timescale: number
    sampleEntry: Uint8Array
  },
): MovieTrack {
  const { samples, perChunk, edit, timescale, sampleEntry } = parts
  const chunkCount = Math.ceil(samples.count / perChunk)
  const sampleCounts = Uint32Array.from({ length: chunkCount }, (_, chunk) => Math.min(perChunk, samples.count - chunk * perChunk))
  const chunks: ChunkColumns = {
    count: chunkCount,
    spans: new Uint32Array(chunkCount),
    offsets: new Uint32Array(chunkCount),
    sampleCounts,
  }
  const shown = edit === null ? [] : [{ durationMs: edit.durationMs, mediaTime: edit.mediaTime }]
  const empty = edit === null || edit.emptyMs === 0 ? [] : [{ durationMs: edit.emptyMs, mediaTime: -1 }]
  const size = kind === 'video' ? { width: 320, height: 180 } : { width: 0, height: 0 }
  // Every other picture is turned.
  const matrix = kind === 'video' && samples.count % 2 === 1 ? rotationMatrix(90, size) : null
  return { kind, timescale, sampleEntry, ...size, matrix, samples, chunks, edits: [...empty, ...shown] }
}

/** Chunks of all tracks in turn, with `gap` unreferenced bytes before each. */
function interleave(tracks: readonly MovieTrack[], gap: number): Movie {
  const next = tracks.map(() => ({ chunk: 0, sample: 0 }))
  let at = 0
  for (let left = tracks.reduce((total, { chunks }) => total + chunks.count, 0); left > 0; ) {
    for (const [index, { chunks, samples }] of tracks.entries()) {
      const cursor = next[index]
      if (cursor === undefined || cursor.chunk >= chunks.count) continue
      at += gap
      chunks.offsets[cursor.chunk] = at
      for (let count = chunks.sampleCounts[cursor.chunk] ?? 0; count > 0; count -= 1) {
        at += typeof samples.sizes === 'number' ? samples.sizes : (samples.sizes[cursor.sample] ?? 0)
        cursor.sample += 1
      }
      cursor.chunk += 1
      left -= 1
    }
  }
  return { startMs: null, tracks, spans: [{ source: 0, offset: 0, length: at }], tags: [] }
}
