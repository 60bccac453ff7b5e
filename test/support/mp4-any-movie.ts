import fc from 'fast-check'
import type { Column, Edit, Movie, MovieTrack, SampleTimes, TrackFormat, TrackPiece } from '../../src/media/mp4/movie.js'
import { narrow, toShortest } from '../../src/media/mp4/tables/columns.js'
import { sampleBytes } from '../../src/media/mp4/tables/pieces.js'
import { runOf, toRuns } from '../../src/media/mp4/tables/runs.js'
import { rotationMatrix } from '../../src/media/track-matrix.js'
import { soundEntry, videoEntry } from './mp4-recording.js'

const positive = fc.integer({ min: 1, max: 5000 })

const anyEdit = () =>
  fc.option(fc.record({ emptyMs: fc.integer({ min: 0, max: 2000 }), mediaTime: fc.integer({ min: 0, max: 3000 }), durationMs: positive }))

/** A movie in the form that the reader returns: narrow columns, numbers for columns of equal rows, one piece for each track. */
export const anyMovie: fc.Arbitrary<Movie> = fc
  .record({ video: anyVideo(), audio: fc.oneof(fc.constant(null), anyAac(), anyG711()), spanGap: fc.integer({ min: 0, max: 9 }) })
  .map(({ video, audio, spanGap }) => interleave(audio === null ? [video] : [video, audio], spanGap))

interface Made {
  readonly format: Pick<TrackFormat, 'kind' | 'timescale' | 'sampleEntry'>
  readonly times: SampleTimes
  readonly sizes: Column | number
  readonly keys: Column | null
  readonly perChunk: number
  readonly edit: { readonly emptyMs: number; readonly mediaTime: number; readonly durationMs: number } | null
}

function anyVideo(): fc.Arbitrary<Made> {
  return fc
    .array(fc.record({ size: positive, duration: positive, offset: fc.integer({ min: 0, max: 300 }), isSync: fc.boolean() }), {
      minLength: 2,
      maxLength: 40,
    })
    .chain((rows) => fc.record({ rows: fc.constant(rows), edit: anyEdit(), perChunk: fc.integer({ min: 1, max: 5 }) }))
    .map(({ rows, edit, perChunk }) => {
      const keys = rows.flatMap(({ isSync }, index) => (isSync || index === 0 ? [index] : []))
      const hasOffsets = rows.some(({ offset }) => offset > 0)
      return {
        format: { kind: 'video', timescale: 1000, sampleEntry: videoEntry },
        times: {
          count: rows.length,
          durations: toRuns(rows.map(({ duration }) => duration)),
          compositionOffsets: hasOffsets ? toRuns(rows.map(({ offset }) => offset)) : null,
        },
        sizes: narrow(rows.map(({ size }) => size)),
        keys: keys.length === rows.length ? null : narrow(keys),
        ...{ perChunk, edit },
      }
    })
}

function anyAac(): fc.Arbitrary<Made> {
  return fc
    .record({
      sizes: fc.array(positive, { minLength: 2, maxLength: 60 }),
      last: positive,
      edit: anyEdit(),
      perChunk: fc.integer({ min: 1, max: 4 }),
    })
    .map(({ sizes, last, edit, perChunk }) => ({
      format: { kind: 'audio', timescale: 48_000, sampleEntry: soundEntry('aac') },
      times: { count: sizes.length, durations: toRuns([...sizes.slice(1).map(() => 1024), last]), compositionOffsets: null },
      ...{ sizes: narrow(sizes), keys: null, perChunk, edit },
    }))
}

function anyG711(): fc.Arbitrary<Made> {
  return fc
    .record({ blocks: fc.integer({ min: 1, max: 30 }), gap: fc.integer({ min: 0, max: 9000 }), edit: anyEdit() })
    .map(({ blocks, gap, edit }) => {
      const count = blocks * 160
      const withGap = { counts: narrow([count - 80, 1, 79]), values: narrow([1, gap + 1, 1]) }
      return {
        format: { kind: 'audio', timescale: 8000, sampleEntry: soundEntry('alaw') },
        times: { count, durations: gap === 0 ? runOf(count, 1) : withGap, compositionOffsets: null },
        ...{ sizes: 1, keys: null, perChunk: 160, edit },
      }
    })
}

function toTrack({ format, times, sizes, keys, edit }: Made, chunks: TrackPiece['chunks']): MovieTrack {
  const shown: Edit[] = edit === null ? [] : [{ durationMs: edit.durationMs, mediaTime: edit.mediaTime }]
  const empty: Edit[] = edit === null || edit.emptyMs === 0 ? [] : [{ durationMs: edit.emptyMs, mediaTime: -1 }]
  const size = format.kind === 'video' ? { width: 320, height: 180 } : { width: 0, height: 0 }
  // Every other picture is rotated.
  const matrix = format.kind === 'video' && times.count % 2 === 1 ? rotationMatrix(90, size) : null
  const piece = { count: times.count, sizes, keys, chunks }
  return { ...format, ...size, matrix, samples: times, pieces: [piece], edits: [...empty, ...shown] }
}

/** Interleaved chunks of all tracks, with `gap` unreferenced bytes before each. */
function interleave(made: readonly Made[], gap: number): Movie {
  const placed = made.map(() => ({ offsets: [] as number[], sampleCounts: [] as number[], sample: 0 }))
  let at = 0
  const isDone = () => placed.every(({ sample }, index) => sample === made[index]?.times.count)
  while (!isDone()) {
    for (const [index, { times, sizes, perChunk }] of made.entries()) {
      const track = placed[index]
      if (track === undefined || track.sample === times.count) continue
      const next = Math.min(track.sample + perChunk, times.count)
      at += gap
      track.offsets.push(at)
      track.sampleCounts.push(next - track.sample)
      at += sampleBytes({ sizes }, track.sample, next)
      track.sample = next
    }
  }
  const tracks = made.map((track, index) => {
    const { offsets = [], sampleCounts = [] } = placed[index] ?? {}
    return toTrack(track, { count: offsets.length, spans: 0, offsets: narrow(offsets), sampleCounts: toShortest(narrow(sampleCounts)) })
  })
  return { startMs: null, tracks, spans: [{ source: 0, offset: 0, length: at, skipped: 0 }], tags: [] }
}
