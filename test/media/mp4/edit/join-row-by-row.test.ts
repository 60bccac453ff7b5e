import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type JoinedPart, type JoinPart, joinAndFreeInSteps, joinMovies } from '../../../../src/media/mp4/edit/join.js'
import type { Edit, Movie, MovieTrack, SampleColumns } from '../../../../src/media/mp4/movie.js'
import { packMovie } from '../../../../src/media/mp4/pack-movie.js'
import { lastDuration, placementOf, presentationTicks, toMs, toTicks } from '../../../../src/media/mp4/tables/presentation.js'
import { readRows, totalTicks } from '../../../../src/media/mp4/tables/runs.js'
import { layOutMovie } from '../../../../src/media/mp4/write/lay-out-movie.js'
import { finishNow } from '../../../../src/media/steps.js'
import { type RecordedFragment, record, render, toPart } from '../../../support/mp4-recording.js'

// The join as one would write it with all rows of all parts at hand: what it is in pieces must not show.

interface NaiveTrack {
  readonly track: MovieTrack
  readonly fromMs: number
  readonly toMs: number
  readonly mediaTime: number
}

function joinRowByRow(parts: readonly JoinPart[], placed: readonly JoinedPart[]): Movie {
  const movies = parts.map(({ movie }) => movie)
  const zeroMs = 0 - (placed[0]?.startMs ?? 0)
  const startsMs = placed.map(({ startMs }) => startMs + zeroMs)
  const video = joinPictures(movies, startsMs)
  const joined = movies[0]?.tracks.length === 2 ? [video, joinSound(movies, startsMs)] : [video]
  const firstMs = Math.min(...joined.map(({ fromMs }) => Math.round(fromMs)))
  return { startMs: null, tracks: joined.map((one) => withEdits(one, firstMs)), spans: movies.flatMap(({ spans }) => spans), tags: [] }
}

function joinPictures(movies: readonly Movie[], startsMs: readonly number[]): NaiveTrack {
  const tracks = movies.map(({ tracks: [video] }) => must(video))
  const shown = tracks.flatMap((track, part) => [...presentationTicks(track)].map((ticks) => ticks + toTicks(startsMs[part] ?? 0, 1000)))
  const decoded = shown.toSorted((a, b) => a - b)
  const shift = Math.max(...decoded.map((ticks, index) => ticks - (shown[index] ?? 0)))
  const lastTicks = lastDuration(must(tracks.at(-1)).samples)
  const durations = Uint32Array.from(decoded, (ticks, index) => (decoded[index + 1] ?? ticks + lastTicks) - ticks)
  const compositionOffsets = shift === 0 ? null : Uint32Array.from(shown, (ticks, index) => ticks + shift - (decoded[index] ?? 0))
  const fromMs = decoded[0] ?? 0
  const track = { ...must(tracks[0]), samples: { ...rowsOf(tracks), durations, compositionOffsets }, chunks: chunksOf(movies, 0) }
  return { track, fromMs, toMs: Math.max(...shown) + lastTicks, mediaTime: shift }
}

function joinSound(movies: readonly Movie[], startsMs: readonly number[]): NaiveTrack {
  const tracks = movies.map(({ tracks: [, sound] }) => must(sound))
  const { timescale } = must(tracks[0])
  const durations: number[] = []
  let [start, end] = [0, 0]
  for (const [part, track] of tracks.entries()) {
    const ticks = toTicks(startsMs[part] ?? 0, timescale) + placementOf(track).originTicks
    if (durations.length === 0) [start, end] = [ticks, ticks]
    else if (Math.abs(ticks - end) > timescale / 1000) end += moveEnd(durations, ticks - end)
    const next = readRows(track.samples.durations)
    for (let index = 0; index < track.samples.count; index += 1) durations.push(next())
    end += totalTicks(track.samples)
  }
  const samples = { ...rowsOf(tracks), durations: Uint32Array.from(durations), compositionOffsets: null, syncs: null }
  const fromMs = Math.max(placementOf(must(tracks[0])).delayMs, toMs(start, timescale))
  const track = { ...must(tracks[0]), samples, chunks: chunksOf(movies, 1) }
  return { track, fromMs, toMs: toMs(end, timescale), mediaTime: toTicks(fromMs, timescale) - start }
}

/** Stretches the last sample, or takes from the last ones all but a tick; gives by how much the end has moved. */
function moveEnd(durations: number[], ticks: number): number {
  let left = ticks
  for (let index = durations.length - 1; index >= 0 && left !== 0; index -= 1) {
    const given = Math.max(left, 1 - (durations[index] ?? 1))
    durations[index] = (durations[index] ?? 0) + given
    left -= given
  }
  return ticks - left
}

function rowsOf(tracks: readonly MovieTrack[]): Pick<SampleColumns, 'count' | 'sizes' | 'syncs'> {
  const rows = tracks.flatMap(({ samples: { count, sizes, syncs } }) =>
    Array.from({ length: count }, (_, index) => ({
      size: typeof sizes === 'number' ? sizes : must(sizes[index]),
      sync: syncs?.[index] ?? 1,
    })),
  )
  const isAlike = tracks.every(({ samples }) => typeof samples.sizes === 'number')
  return {
    count: rows.length,
    sizes: isAlike ? must(rows[0]).size : Uint32Array.from(rows, ({ size }) => size),
    syncs: tracks.every(({ samples }) => samples.syncs === null) ? null : Uint8Array.from(rows, ({ sync }) => sync),
  }
}

function chunksOf(movies: readonly Movie[], track: number): MovieTrack['chunks'] {
  const chunks = movies.flatMap(({ tracks }, span) => {
    const { offsets, sampleCounts } = must(tracks[track]).chunks
    return Array.from(offsets, (offset, index) => ({ span, offset, count: must(sampleCounts[index]) }))
  })
  return {
    count: chunks.length,
    spans: Uint32Array.from(chunks, ({ span }) => span),
    offsets: Float64Array.from(chunks, ({ offset }) => offset),
    sampleCounts: Uint32Array.from(chunks, ({ count }) => count),
  }
}

function withEdits({ track, fromMs, toMs: untilMs, mediaTime }: NaiveTrack, firstMs: number): MovieTrack {
  const emptyMs = Math.round(fromMs - firstMs)
  const durationMs = Math.round(untilMs - firstMs) - emptyMs
  const empty: Edit[] = emptyMs === 0 ? [] : [{ durationMs: emptyMs, mediaTime: -1 }]
  const isWhole = emptyMs === 0 && mediaTime === 0 && durationMs === Math.round(toMs(totalTicks(track.samples), track.timescale))
  return { ...track, edits: isWhole ? [] : [...empty, { durationMs, mediaTime }] }
}

function must<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('the recording has fewer rows than that')
  return value
}

interface Cut {
  /** Where the part begins to be missing its last frames: what the sound then has too much overlaps the next part, if that follows at once. */
  readonly framesLost: number
  readonly isListed: boolean
}

const anyCuts = fc.array(fc.record({ framesLost: fc.integer({ min: 0, max: 6 }), isListed: fc.boolean() }), { minLength: 1, maxLength: 4 })

/** Two fragments a part. */
function partsOf(fragments: readonly RecordedFragment[], cuts: readonly Cut[], jitterMs: readonly number[], sound: 'aac' | null) {
  return cuts.map(({ framesLost, isListed }, source) => {
    const kept = fragments.slice(2 * source, 2 * source + 2).map((fragment, index) => ({
      ...fragment,
      video: fragment.video
        .map((frame, number) => (frame.isKey ? frame : { ...frame, timeMs: frame.timeMs + must(jitterMs[number % jitterMs.length]) }))
        .slice(0, index === 1 && framesLost > 0 ? -framesLost : undefined),
    }))
    const { part, file } = toPart(kept, sound, source)
    return { part: { ...part, clock: isListed ? part.clock : null }, file }
  })
}

describe('a join', () => {
  test('gives the bytes of one made row by row, for frames that are late, lost, or too many, over holes and overlaps', () => {
    fc.assert(
      fc.property(
        anyCuts,
        fc.record({
          framesPerFragment: fc.integer({ min: 8, max: 16 }),
          rate: fc.constantFrom(12.5, 25, 29.97, 30),
          hasBFrames: fc.boolean(),
          sound: fc.constantFrom<null | 'aac'>(null, 'aac'),
          gaps: fc.constantFrom(new Map<number, number>(), new Map([[2, 61_000]]), new Map([[4, 700]])),
        }),
        fc.array(fc.integer({ min: -2, max: 2 }), { minLength: 1, maxLength: 13 }),
        (cuts, options, jitterMs) => {
          const made = partsOf(record({ ...options, fragments: 2 * cuts.length }), cuts, jitterMs, options.sound)
          const parts = made.map(({ part }) => part)
          const files = made.map(({ file }) => file)
          const joined = joinMovies(parts, { startMs: null, tags: [] })
          if (!joined.joined) throw new Error(joined.message)
          const expected = render(layOutMovie(joinRowByRow(parts, joined.parts)), files)
          expect(Buffer.compare(render(layOutMovie(joined.movie), files), expected)).toBe(0)
          const packed = parts.map((part) => ({ ...part, movie: packMovie(part.movie) }))
          const again = joinMovies(packed, { startMs: null, tags: [] })
          expect(again.joined && Buffer.compare(render(layOutMovie(again.movie), files), expected)).toBe(0)
        },
      ),
      { numRuns: 300 },
    )
  })
})

describe('a join of parts that are given away', () => {
  test('gives the same bytes, and frees the times that it has made anew', () => {
    const fragments = record({ fragments: 6, rate: 29.97, hasBFrames: true, sound: 'aac', gaps: new Map([[2, 5000]]) })
    const made = [0, 2, 4].map((from, source) => toPart(fragments.slice(from, from + 2), 'aac', source))
    const files = made.map(({ file }) => file)
    const parts = made.map(({ part }) => ({ ...part, movie: packMovie(part.movie) }))
    const runs = parts.flatMap(({ movie: { tracks } }) => [tracks[0]?.samples.durations, tracks[0]?.samples.compositionOffsets])
    const kept = joinMovies(parts, { startMs: null, tags: [] })
    const bytes = kept.joined ? render(layOutMovie(kept.movie), files) : null
    expect(runs.map((one) => typeof one === 'object' && (one?.counts.length ?? 0) > 0)).toEqual(Array.from({ length: 6 }, () => true))

    const freed = finishNow(joinAndFreeInSteps(parts, { startMs: null, tags: [] }))
    expect(freed.joined && Buffer.from(render(layOutMovie(freed.movie), files)).equals(bytes ?? Buffer.alloc(0))).toBe(true)
    expect(runs.map((one) => typeof one === 'object' && [one?.counts.length, one?.values.length])).toEqual(
      Array.from({ length: 6 }, () => [0, 0]),
    )
  })
})
